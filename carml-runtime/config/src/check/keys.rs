//! What the schema says about the place of a fault.

use crate::schema::{Node, Part, Schema, keys};
use jsonschema::ValidationError;

/// The schema object that holds the keyword of an error.
pub(super) fn owner<'a>(schema: &'a Schema, error: &ValidationError<'_>) -> Option<Node<'a>> {
    let keyword = match error.absolute_keyword_location() {
        Some(uri) => uri.as_str().to_owned(),
        None => format!("#{}", error.schema_path().as_str()),
    };
    let (above, _) = keyword.rsplit_once('/')?;
    schema.resolve(schema.root(), above)
}

/// The keys that the object at fault may have.
pub(super) fn known(schema: &Schema, error: &ValidationError<'_>) -> Vec<String> {
    let from = owner(schema, error).map(|node| Part { node, sure: true });
    let parts = schema.parts(from);
    keys(&parts).into_iter().map(str::to_owned).collect()
}

/// The forms of keys that the object at fault may have besides.
pub(super) fn forms(schema: &Schema, error: &ValidationError<'_>) -> Vec<String> {
    let from = owner(schema, error).map(|node| Part { node, sure: true });
    let mut found: Vec<String> = Vec::new();
    for part in schema.parts(from) {
        let patterns = part.node.value.get("patternProperties");
        let patterns = patterns.and_then(serde_json::Value::as_object);
        for pattern in patterns.into_iter().flat_map(|map| map.keys()) {
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
