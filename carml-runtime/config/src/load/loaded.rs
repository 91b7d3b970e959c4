//! A config that is valid, and knows where its values came from.

use super::Error;
use crate::chain;
use crate::check;
use crate::layer::{Layer, Origin, provenance};
use crate::schema::{Schema, Section};
use carml_diagnostic::{Code, Diagnostic, Report, Source, Span};
use carml_schema::SchemaIndex;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// No lines of help.
const NONE: [&str; 0] = [];

/// A config that is valid, and knows where its values came from.
#[derive(Clone)]
pub struct Loaded {
    value: Value,
    layers: Vec<Layer>,
    schema: Schema,
    /// What variables gave whose names sound secret.
    secrets: Vec<String>,
    warnings: Report,
}

impl std::fmt::Debug for Loaded {
    /// The layers only: values may be secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loaded")
            .field("layers", &self.layers)
            .finish_non_exhaustive()
    }
}

impl Loaded {
    pub(super) fn new(
        value: Value,
        layers: Vec<Layer>,
        schema: Schema,
        secrets: Vec<String>,
    ) -> Loaded {
        Loaded {
            value,
            layers,
            schema,
            secrets,
            warnings: Report::new(),
        }
    }

    pub(super) fn warn(&mut self, warnings: Report) {
        self.warnings = warnings;
    }

    pub(crate) fn secrets(&self) -> &[String] {
        &self.secrets
    }

    /// What is worth knowing of a config that is valid.
    pub fn warnings(&self) -> &Report {
        &self.warnings
    }

    pub(super) fn fill(&mut self) {
        if self.schema.fills() {
            self.schema.shapes().fill(&mut self.value);
        }
    }

    /// See [`SchemaIndex::read_integers`].
    pub(super) fn read_integers(&mut self) -> Vec<String> {
        self.schema.shapes().read_integers(&mut self.value)
    }

    pub(crate) fn fill_from(&mut self, shapes: &SchemaIndex) {
        shapes.fill(&mut self.value);
    }

    /// The merged value with the schema's defaults filled in, secrets included.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The schema that it was checked against.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    pub(crate) fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// The whole as its type, but for the sections and middlewares that were added to the schema: the type does not
    /// know them.
    ///
    /// # Errors
    /// What the type refuses though the schema allows it.
    pub fn typed<C: DeserializeOwned>(&self) -> Result<C, Error> {
        let sections = self.schema.sections();
        let own: Vec<&str> = self.schema.own_middlewares().collect();
        let typed = if sections.is_empty() && own.is_empty() {
            C::deserialize(&self.value)
        } else {
            let mut known = self.value.clone();
            if let Some(map) = known.as_object_mut() {
                map.retain(|key, _| !sections.contains(&key.as_str()));
            }
            if let Some(Value::Array(list)) = known.pointer_mut("/grpc/server/middleware") {
                list.retain(|item| !own.contains(&chain::name(item)));
            }
            C::deserialize(&known)
        };
        typed.map_err(|e| {
            self.fault("", format!("the config does not fit its type: {e}"), NONE)
                .into()
        })
    }

    /// One section as its type; an absent one is read as an empty map.
    ///
    /// # Errors
    /// What the type refuses though the schema allows it.
    pub fn section<S: Section>(&self) -> Result<S, Error> {
        let given = self.value.get(S::NAME);
        let empty = Value::Object(Map::new());
        S::deserialize(given.unwrap_or(&empty)).map_err(|error| {
            let pointer = format!("/{}", S::NAME);
            let name = S::NAME;
            let report = match given {
                Some(_) => {
                    let message = format!("the section `{name}` does not fit its type: {error}");
                    self.fault(&pointer, message, NONE)
                }
                None => {
                    let message = format!("the required section `{name}` is missing: {error}");
                    self.fault(&pointer, message, [format!("add `{name}:` with its keys")])
                }
            };
            report.into()
        })
    }

    /// Where the value of a JSON pointer came from.
    pub fn origin(&self, pointer: &str) -> Origin {
        match self.given(pointer, false) {
            Some((layer, span)) => layer.origin(span),
            None if self.value.pointer(pointer).is_some() => Origin::Default,
            None => Origin::Unset,
        }
    }

    /// A report of one fault at a JSON pointer: of its value, or of the nearest that stands above it.
    pub fn fault<H: Into<String>>(
        &self,
        pointer: &str,
        message: impl Into<String>,
        help: impl IntoIterator<Item = H>,
    ) -> Report {
        let mut fault = self.aim(Diagnostic::error(Code::Config, message), pointer, false);
        for line in help {
            fault = fault.help(line);
        }
        let mut report = Report::from(fault);
        check::conceal(self, &mut report);
        report
    }

    /// Sets a fault's place: of the pointer, or of the nearest key above it.
    pub(crate) fn aim(&self, fault: Diagnostic, pointer: &str, key: bool) -> Diagnostic {
        let fault = fault.pointer(pointer);
        let mut at = pointer;
        loop {
            if let Some((layer, span)) = self.given(at, key || at != pointer) {
                return fault.at(&layer.source, span);
            }
            match at.rsplit_once('/') {
                Some((above, _)) => at = above,
                None => return fault,
            }
        }
    }

    /// The layer that gives a pointer, and where in it.
    pub(crate) fn given(&self, pointer: &str, key: bool) -> Option<(&Layer, Span)> {
        provenance(&self.layers, pointer, key)
    }

    /// Every source that was read, lowest layer first.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        self.layers.iter().map(|layer| &layer.source)
    }
}
