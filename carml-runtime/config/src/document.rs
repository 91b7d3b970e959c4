//! A merged config, before it is known to be valid.

use crate::layer::{Layer, provenance};
use crate::schema::Schema;
use carml_diagnostic::{Diagnostic, Span};
use carml_schema::SchemaIndex;
use serde_json::Value;

/// A merged value with its layers and its schema: what is checked, and where each part of it came
/// from.
#[derive(Clone)]
pub(crate) struct Document {
    value: Value,
    layers: Vec<Layer>,
    schema: Schema,
}

impl Document {
    pub(crate) fn new(value: Value, layers: Vec<Layer>, schema: Schema) -> Self {
        Self {
            value,
            layers,
            schema,
        }
    }

    pub(crate) fn value(&self) -> &Value {
        &self.value
    }

    pub(crate) fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The layers, lowest first.
    pub(crate) fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// Fills in the schema's defaults, if it asks for that.
    pub(crate) fn fill(&mut self) {
        if self.schema.fills() {
            self.schema.shapes().fill(&mut self.value);
        }
    }

    /// See [`SchemaIndex::read_integers`].
    pub(crate) fn read_integers(&mut self) -> Vec<String> {
        self.schema.shapes().read_integers(&mut self.value)
    }

    pub(crate) fn fill_from(&mut self, shapes: &SchemaIndex) {
        shapes.fill(&mut self.value);
    }

    /// Sets a diagnostic's place: of the pointer, or of the nearest key above it.
    pub(crate) fn locate(&self, diagnostic: Diagnostic, pointer: &str, key: bool) -> Diagnostic {
        let diagnostic = diagnostic.pointer(pointer);
        let mut at = pointer;
        loop {
            if let Some((layer, span)) = self.provenance(at, key || at != pointer) {
                return diagnostic.at(&layer.source, span);
            }
            match at.rsplit_once('/') {
                Some((above, _)) => at = above,
                None => return diagnostic,
            }
        }
    }

    /// The layer that gives a pointer, and where in it: the key or the value.
    pub(crate) fn provenance(&self, pointer: &str, key: bool) -> Option<(&Layer, Span)> {
        provenance(&self.layers, pointer, key)
    }
}
