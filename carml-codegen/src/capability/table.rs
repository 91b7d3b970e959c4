//! What the annotation says, checked.
use std::collections::HashMap;

use heck::ToUpperCamelCase as _;
use serde_json::{Map, Value};

/// Why a schema gives no table.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is not JSON.
    #[error("the schema is not JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The annotation is missing or lacks a part.
    #[error("x-carml-capabilities: expected an object at `{0}`")]
    Shape(&'static str),
    /// A cell names something that does not exist.
    #[error("x-carml-capabilities/table/{0}: {1}")]
    Cell(String, &'static str),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    Process,
    Cluster,
}

impl Scope {
    pub(super) fn name(self) -> &'static str {
        match self {
            Scope::Process => "process",
            Scope::Cluster => "cluster",
        }
    }
}

/// A provider or a call.
pub(super) struct Named {
    /// As in the config.
    pub(super) name: String,
    /// As a Rust variant.
    pub(super) variant: String,
    /// For people.
    pub(super) title: String,
    pub(super) doc: String,
}

pub(super) struct Provider {
    pub(super) named: Named,
    pub(super) port: Option<u16>,
}

pub(super) struct Call {
    pub(super) named: Named,
    /// The contract's trait; by default the variant's name.
    pub(super) contract: String,
}

pub(super) struct Table {
    pub(super) providers: Vec<Provider>,
    pub(super) calls: Vec<Call>,
    /// By the names of call and provider.
    cells: HashMap<(String, String), Scope>,
}

impl Table {
    pub(super) fn parse(schema: &str) -> Result<Self, Error> {
        let root: Value = serde_json::from_str(schema)?;
        let part = |name: &'static str| -> Result<&Map<String, Value>, Error> {
            root["x-carml-capabilities"][name]
                .as_object()
                .ok_or(Error::Shape(name))
        };
        let provider = |(name, entry): (&String, &Value)| Provider {
            named: Named::of(name, entry),
            port: entry["default_port"]
                .as_u64()
                .and_then(|port| port.try_into().ok()),
        };
        let call = |(name, entry): (&String, &Value)| Call {
            named: Named::of(name, entry),
            contract: entry["trait"]
                .as_str()
                .map_or_else(|| name.to_upper_camel_case(), str::to_owned),
        };
        let mut table = Table {
            providers: part("providers")?.iter().map(provider).collect(),
            calls: part("calls")?.iter().map(call).collect(),
            cells: HashMap::new(),
        };
        for (call, row) in part("table")? {
            table.row(call, row)?;
        }
        Ok(table)
    }

    fn row(&mut self, call: &str, row: &Value) -> Result<(), Error> {
        if !self.calls.iter().any(|c| c.named.name == call) {
            return Err(Error::Cell(call.to_owned(), "no such call"));
        }
        for (provider, cell) in row.as_object().ok_or(Error::Shape("table"))? {
            let refuse = |why| Err(Error::Cell(format!("{call}/{provider}"), why));
            if !self.providers.iter().any(|p| p.named.name == *provider) {
                return refuse("no such provider");
            }
            let scope = match cell.as_str() {
                Some("process") => Scope::Process,
                Some("cluster") => Scope::Cluster,
                _ => return refuse("expected `process` or `cluster`"),
            };
            let at = (call.to_owned(), provider.clone());
            self.cells.insert(at, scope);
        }
        Ok(())
    }

    /// `None`: the provider lacks the call.
    pub(super) fn cell(&self, call: &Call, provider: &Provider) -> Option<Scope> {
        let at = (call.named.name.clone(), provider.named.name.clone());
        self.cells.get(&at).copied()
    }
}

impl Named {
    fn of(name: &str, entry: &Value) -> Self {
        let text = |field: &str| entry[field].as_str().map(str::to_owned);
        let title = text("title").unwrap_or_else(|| name.to_owned());
        Named {
            name: name.to_owned(),
            variant: name.to_upper_camel_case(),
            doc: text("description").unwrap_or_else(|| title.clone()),
            title,
        }
    }
}
