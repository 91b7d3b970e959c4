//! `x-carml-capabilities`: which calls each provider of a store has.

use std::fmt;

use serde_json::{Map, Value};

use crate::{Documents, Node};

/// The annotation of a schema.
#[derive(Clone, Copy, Debug)]
pub struct Capabilities<'a>(&'a Value);

/// A provider or a call, with what the annotation says about it.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// As in the config.
    pub name: &'a str,
    value: &'a Value,
}

/// How far a call of a provider reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The processes that share one store.
    Process,
    /// Every member of a cluster.
    Cluster,
}

/// Why the annotation is not a table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CapabilityError {
    /// The annotation is missing or lacks a part.
    Shape(&'static str),
    /// A list of a provider is not one of keys, or of pairs of keys.
    List(&'static str),
    /// A cell names something that does not exist.
    Cell(String, &'static str),
}

impl fmt::Display for CapabilityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shape(part) => write!(f, "x-carml-capabilities: expected an object at `{part}`"),
            Self::List(list) => {
                write!(
                    f,
                    "x-carml-capabilities/providers: `{list}` is not a list of keys"
                )
            }
            Self::Cell(cell, why) => write!(f, "x-carml-capabilities/table/{cell}: {why}"),
        }
    }
}

impl std::error::Error for CapabilityError {}

impl<'a> Node<'a> {
    /// `x-carml-capabilities`: what each provider of the store offers.
    pub fn capabilities(&self) -> Option<Capabilities<'a>> {
        self.note("x-carml-capabilities").map(Capabilities)
    }
}

impl Documents {
    /// What each provider of a section offers, such as `/registry` and `/store`.
    pub fn capabilities(&self, section: &str) -> Option<Capabilities<'_>> {
        let all = self.at(section);
        all.iter().find_map(|part| part.node.capabilities())
    }
}

impl<'a> Capabilities<'a> {
    /// The providers, in the schema's order.
    pub fn providers(&self) -> impl Iterator<Item = Entry<'a>> {
        self.entries("providers")
    }

    /// The provider of a name.
    pub fn provider(&self, name: &str) -> Option<Entry<'a>> {
        self.providers().find(|provider| provider.name == name)
    }

    /// The calls, in the schema's order.
    pub fn calls(&self) -> impl Iterator<Item = Entry<'a>> {
        self.entries("calls")
    }

    /// How far a call reaches; `None`: the provider does not have it.
    pub fn reach(&self, call: &str, provider: &str) -> Option<Reach> {
        Reach::from_name(self.0.get("table")?.get(call)?.get(provider)?.as_str()?)
    }

    /// What makes the annotation unusable.
    ///
    /// # Errors
    ///
    /// A part is missing, or a cell of the table names what does not exist.
    pub fn verify(&self) -> Result<(), CapabilityError> {
        for provider in self.part("providers")?.values() {
            let named = |value: &Value| value.is_string();
            let keys = |value: &Value| value.as_array().is_some_and(|all| all.iter().all(named));
            let pair =
                |value: &Value| keys(value) && value.as_array().is_some_and(|p| p.len() == 2);
            if !provider.get("keys").is_none_or(keys) {
                return Err(CapabilityError::List("keys"));
            }
            let pairs = provider.get("pairs").map(Value::as_array);
            if !pairs.is_none_or(|pairs| pairs.is_some_and(|all| all.iter().all(pair))) {
                return Err(CapabilityError::List("pairs"));
            }
        }
        self.part("calls")?;
        for (call, row) in self.part("table")? {
            if !self.calls().any(|known| known.name == call) {
                return Err(CapabilityError::Cell(call.clone(), "no such call"));
            }
            for (provider, cell) in row.as_object().ok_or(CapabilityError::Shape("table"))? {
                let refuse = |why| {
                    let at = format!("{call}/{provider}");
                    Err(CapabilityError::Cell(at, why))
                };
                if self.provider(provider).is_none() {
                    return refuse("no such provider");
                }
                if cell.as_str().and_then(Reach::from_name).is_none() {
                    return refuse("expected `process` or `cluster`");
                }
            }
        }
        Ok(())
    }

    fn part(&self, name: &'static str) -> Result<&'a Map<String, Value>, CapabilityError> {
        let part = self.0.get(name).and_then(Value::as_object);
        part.ok_or(CapabilityError::Shape(name))
    }

    fn entries(&self, part: &'static str) -> impl Iterator<Item = Entry<'a>> {
        let entries = self.part(part).ok().into_iter().flatten();
        entries.map(|(name, value)| Entry { name, value })
    }
}

impl<'a> Entry<'a> {
    /// The name for people.
    pub fn title(&self) -> &'a str {
        self.text("title").unwrap_or(self.name)
    }

    /// What it is, else its title.
    pub fn description(&self) -> &'a str {
        self.text("description").unwrap_or_else(|| self.title())
    }

    /// The contract's trait of a call, unless it is the call's name.
    pub fn contract(&self) -> Option<&'a str> {
        self.text("trait")
    }

    /// The port of a provider's servers, if it has servers.
    pub fn default_port(&self) -> Option<u16> {
        let port = self.value.get("default_port")?.as_u64()?;
        port.try_into().ok()
    }

    /// The feature of `carml-runtime` that brings a provider.
    pub fn feature(&self) -> Option<&'a str> {
        self.text("feature")
    }

    /// Whether a provider uses a key of its section; one that lists no keys uses all.
    pub fn uses(&self, key: &str) -> bool {
        let keys = self.value.get("keys").and_then(Value::as_array);
        keys.is_none_or(|keys| keys.iter().any(|used| used == key))
    }

    /// The keys of a provider's section that need each other.
    pub fn pairs(&self) -> impl Iterator<Item = [&'a str; 2]> {
        let pairs = self.value.get("pairs").and_then(Value::as_array);
        pairs
            .into_iter()
            .flatten()
            .filter_map(|pair| Some([pair.get(0)?.as_str()?, pair.get(1)?.as_str()?]))
    }

    fn text(&self, field: &str) -> Option<&'a str> {
        self.value.get(field)?.as_str()
    }
}

impl Reach {
    /// Its name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Cluster => "cluster",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::Process, Self::Cluster]
            .into_iter()
            .find(|reach| reach.name() == name)
    }
}
