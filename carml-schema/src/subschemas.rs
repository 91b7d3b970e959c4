//! Every schema in a document.

use serde_json::{Map, Value};

use carml_diagnostic::escape_key;

/// Keywords whose value is data: what looks like a schema there is none.
const DATA: [&str; 4] = ["const", "default", "enum", "examples"];

/// Keywords whose value is a map of schemas, by names of the author's.
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

/// Shows each schema of a document with its pointer, and at the end what only looks like one, for
/// no keyword says that a schema stands there. What `visit` makes of a schema is given to those in
/// it; `None` leaves them out.
pub(crate) fn walk<C: Clone>(
    root: &Value,
    context: C,
    mut visit: impl FnMut(&Map<String, Value>, &str, C) -> Option<C>,
) {
    let mut schemas = vec![(root, String::new(), context)];
    let mut others = Vec::new();
    loop {
        let known = !schemas.is_empty();
        let Some((value, pointer, context)) = schemas.pop().or_else(|| others.pop()) else {
            return;
        };
        let Some(object) = value.as_object() else {
            continue;
        };
        let Some(context) = visit(object, &pointer, context) else {
            continue;
        };
        for (key, value) in object {
            let key = key.as_str();
            if DATA.contains(&key) {
                continue;
            }
            let map = MAPS.contains(&key);
            let into = match known && (map || SCHEMAS.contains(&key)) {
                true => &mut schemas,
                false => &mut others,
            };
            let pointer = format!("{pointer}/{}", escape_key(key));
            match value {
                Value::Object(entries) if map => into.extend(entries.iter().map(|(key, value)| {
                    (
                        value,
                        format!("{pointer}/{}", escape_key(key)),
                        context.clone(),
                    )
                })),
                Value::Array(items) => {
                    into.extend(items.iter().enumerate().map(|(index, value)| {
                        (value, format!("{pointer}/{index}"), context.clone())
                    }));
                }
                value => into.push((value, pointer, context.clone())),
            }
        }
    }
}
