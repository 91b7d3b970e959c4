//! What the schema says about the place of a fault.

use crate::schema::Schema;
use carml_schema::applicable::{Applicable, closure, keys};
use jsonschema::ValidationError;

/// The keys that the object at fault may have.
pub(super) fn known(schema: &Schema, error: &ValidationError<'_>) -> Vec<String> {
    let parts = closure(schema.owner(error).map(Applicable::always));
    keys(&parts).into_iter().map(str::to_owned).collect()
}

/// The forms of keys that the object at fault may have besides.
pub(super) fn forms(schema: &Schema, error: &ValidationError<'_>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for part in closure(schema.owner(error).map(Applicable::always)) {
        for pattern in part.node.key_patterns() {
            let word = format!("any of the form `{pattern}`");
            if !found.contains(&word) {
                found.push(word);
            }
        }
    }
    found
}

/// Another section, below the place or beside it, that has the key.
pub(super) fn elsewhere(schema: &Schema, at: &str, key: &str) -> Option<String> {
    let above = at.rsplit_once('/').map_or("", |a| a.0);
    for place in [at, above, ""] {
        for section in keys(&schema.at(place)) {
            let pointer = format!("{place}/{}", carml_diagnostic::escape_key(section));
            let found = keys(&schema.at(&pointer)).contains(&key);
            if found && pointer != at {
                return Some(pointer);
            }
        }
    }
    None
}
