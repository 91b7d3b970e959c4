//! Names of places and kinds, for people.

use serde_json::Value;

/// The nearest key of a pointer.
pub(super) fn name(pointer: &str) -> &str {
    let named = |step: &&str| !step.is_empty() && step.parse::<usize>().is_err();
    pointer.rsplit('/').find(named).unwrap_or("the document")
}

/// What a report calls the value of a pointer.
pub(super) fn quoted(pointer: &str) -> String {
    match name(pointer) {
        whole @ "the document" => whole.to_owned(),
        key => format!("`{}`", carml_diagnostic::unescape_key(key)),
    }
}

/// What a report calls the map at a pointer.
pub(super) fn place_name(pointer: &str) -> String {
    if pointer.is_empty() {
        "the top level".to_owned()
    } else {
        format!("`{}`", pointer[1..].replace('/', "."))
    }
}

/// Kinds as JSON Schema names them, in plain words.
pub(super) fn kinds(kind: &str) -> String {
    kind.split(" or ")
        .map(|k| match k {
            "array" => "a list",
            "object" => "a map",
            "string" => "a text",
            "integer" => "a whole number",
            "number" => "a number",
            "boolean" => "true or false",
            other => other,
        })
        .collect::<Vec<_>>()
        .join(" or ")
}

/// The kind of a value.
pub(super) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "empty",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

/// `a duration`, `an endpoint`.
pub(super) fn article(noun: &str) -> String {
    let vowel = noun.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {noun}", if vowel { "an" } else { "a" })
}

/// A value as it would be written.
pub(super) fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
