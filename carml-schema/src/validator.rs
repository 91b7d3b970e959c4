//! A validator, and the patterns that it was given in other words.

use std::collections::BTreeMap;

use jsonschema::Validator;

use crate::{pointer, uri};

/// The validator of a schema.
#[derive(Debug)]
pub struct SchemaValidator {
    validator: Validator,
    /// Patterns as the schema has them, by those that the validator has.
    written: BTreeMap<String, String>,
}

impl SchemaValidator {
    pub(crate) fn new(validator: Validator, written: BTreeMap<String, String>) -> Self {
        Self { validator, written }
    }

    /// A pattern of an error as the schema has it.
    pub fn pattern_as_written<'a>(&'a self, pattern: &'a str) -> &'a str {
        self.written.get(pattern).map_or(pattern, String::as_str)
    }

    /// The location of a keyword in the schema as it was given.
    pub(crate) fn location_as_written(&self, location: &str) -> String {
        let Some((address, fragment)) = location.split_once('#') else {
            return location.to_owned();
        };
        if self.written.is_empty() {
            return location.to_owned();
        }
        let fragment = uri::decode(fragment);
        let steps = pointer::steps(&fragment).map(|step| {
            let key = self.pattern_as_written(&step);
            uri::encode(&pointer::escape(key))
        });
        let steps: Vec<String> = steps.collect();
        format!("{address}#/{}", steps.join("/"))
    }
}

impl std::ops::Deref for SchemaValidator {
    type Target = Validator;

    fn deref(&self) -> &Validator {
        &self.validator
    }
}
