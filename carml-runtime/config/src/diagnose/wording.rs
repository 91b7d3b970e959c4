//! Words for types and values.

use carml_schema::graph::InstanceType;
use serde_json::Value;

/// The last key of a pointer, unless there is none.
pub(super) fn name(pointer: &str) -> Option<String> {
    let named = |step: &&str| !step.is_empty() && step.parse::<usize>().is_err();
    pointer
        .rsplit('/')
        .find(named)
        .map(|step| carml_diagnostic::unescape_key(step).into_owned())
}

/// The mapping at a pointer: `` `a.b` ``.
pub(super) fn path(pointer: &str) -> String {
    if pointer.is_empty() {
        return "the document".to_owned();
    }
    let steps = pointer
        .split('/')
        .skip(1)
        .map(carml_diagnostic::unescape_key);
    format!("`{}`", steps.collect::<Vec<_>>().join("."))
}

/// A type with its article.
pub(super) fn instance_type(ty: InstanceType) -> &'static str {
    match ty {
        InstanceType::Null => "null",
        InstanceType::Boolean => "a boolean",
        InstanceType::Integer => "an integer",
        InstanceType::Number => "a number",
        InstanceType::String => "a string",
        InstanceType::Array => "a list",
        InstanceType::Object => "a mapping",
    }
}

/// Types as JSON Schema names them, with their articles: `a string or null`.
pub(super) fn types(types: &str) -> String {
    let each = types
        .split(" or ")
        .map(|name| match InstanceType::from_name(name) {
            Some(ty) => instance_type(ty),
            None => name,
        });
    each.collect::<Vec<_>>().join(" or ")
}

/// `a duration`, `an endpoint`.
pub(super) fn article(noun: &str) -> String {
    let vowel = noun.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {noun}", if vowel { "an" } else { "a" })
}

/// A value of the schema as it would be written.
pub(super) fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
