//! What the schema says about the place of an error.

use super::wording::text as written;
use crate::schema::Schema;
use carml_diagnostic::{Diagnostic, text, trusted};
use carml_schema::applicable::{Applicable, closure, keys};
use jsonschema::ValidationError;
use serde_json::Value;

/// Adds what the schema says of the value, if it says something.
pub(super) fn describe(
    schema: &Schema,
    error: &ValidationError<'_>,
    diagnostic: Diagnostic,
) -> Diagnostic {
    let owner = schema.owner(error);
    match owner.and_then(|node| node.description()) {
        Some(about) => diagnostic.note(text![trusted(about)]),
        None => diagnostic,
    }
}

/// The keys that the object may have.
pub(super) fn known(schema: &Schema, error: &ValidationError<'_>) -> Vec<String> {
    let parts = closure(schema.owner(error).map(Applicable::always));
    keys(&parts).into_iter().map(str::to_owned).collect()
}

/// Those of the keys that the object may have only if one of several alternatives applies.
pub(super) fn conditional(schema: &Schema, error: &ValidationError<'_>) -> Vec<String> {
    let parts = closure(schema.owner(error).map(Applicable::always));
    let (always, others): (Vec<_>, Vec<_>) = parts.into_iter().partition(|p| p.unconditional);
    let always = keys(&always);
    let conditional = keys(&others).into_iter();
    let conditional = conditional.filter(|key| !always.contains(key));
    conditional.map(str::to_owned).collect()
}

/// The key of an object, and its value, that exclude the alternatives which have a key.
pub(super) fn discriminator(
    schema: &Schema,
    parent: &str,
    instance: &Value,
    key: &str,
) -> Option<(String, String)> {
    for part in schema.at(parent) {
        if part.node.property(key).is_none() {
            continue;
        }
        for name in part.node.keys() {
            let constant = part.node.property(name).and_then(|node| node.constant());
            if let (Some(constant), Some(given)) = (constant, instance.get(name))
                && constant != given
            {
                return Some((name.to_owned(), written(given)));
            }
        }
    }
    None
}

/// The forms that other keys of the object may have.
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
