//! A validator, and the originals of the patterns that were rewritten for it.

use std::{collections::BTreeMap, fmt};

use jsonschema::{ValidationError, Validator};

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
        let steps = steps.map(|step| format!("/{step}"));
        format!("{address}#{}", steps.collect::<String>())
    }
}

impl std::ops::Deref for SchemaValidator {
    type Target = Validator;

    fn deref(&self) -> &Validator {
        &self.validator
    }
}

/// Why a schema has no validator.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Unusable {
    /// Where in the root document.
    pub pointer: String,
    /// What is wrong there.
    pub message: String,
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Unusable {}

impl From<ValidationError<'_>> for Unusable {
    fn from(error: ValidationError<'_>) -> Self {
        Self {
            pointer: error.instance_path().as_str().to_owned(),
            message: error.to_string(),
        }
    }
}
