//! Which keywords hold schemas, which hold data, and what a document calls itself.

use serde_json::Value;

/// Keywords whose value is data: what looks like a schema there is not one.
const DATA: [&str; 4] = ["const", "default", "enum", "examples"];

/// Keywords whose value is a map of schemas, by names that the author chooses.
const MAPS: [&str; 6] = [
    "$defs",
    "definitions",
    "dependencies",
    "dependentSchemas",
    "patternProperties",
    "properties",
];

/// Keywords whose value is a schema or a list of schemas.
const SCHEMAS: [&str; 16] = [
    "additionalItems",
    "additionalProperties",
    "allOf",
    "anyOf",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "oneOf",
    "prefixItems",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];

/// Keywords that refer to another schema.
pub(crate) const REFERENCES: [&str; 3] = ["$ref", "$dynamicRef", "$recursiveRef"];

/// Whether a keyword's value is data.
pub(crate) fn is_data(keyword: &str) -> bool {
    DATA.contains(&keyword)
}

/// Whether a keyword's value is a map of schemas by names that the author chooses.
pub(crate) fn is_map(keyword: &str) -> bool {
    MAPS.contains(&keyword)
}

/// Whether a keyword's value is a schema or a list of schemas.
pub(crate) fn is_schema(keyword: &str) -> bool {
    SCHEMAS.contains(&keyword)
}

/// A document's own name for itself, without an empty fragment.
pub(crate) fn id(value: &Value) -> Option<&str> {
    let id = value.get("$id").or_else(|| value.get("id"))?.as_str()?;
    Some(id.trim_end_matches('#')).filter(|id| !id.starts_with('#'))
}
