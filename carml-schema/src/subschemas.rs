//! Every schema in a document.

use serde_json::{Map, Value};

use crate::{keywords, pointer::escape};

/// Visits each schema of a document with its pointer, and at the end each value that only looks
/// like a schema, because no keyword expects one there. The result of `visit` is passed on to the
/// schemas inside; if it is `None`, they are skipped.
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
            if keywords::is_data(key) {
                continue;
            }
            let map = keywords::is_map(key);
            let into = match known && (map || keywords::is_schema(key)) {
                true => &mut schemas,
                false => &mut others,
            };
            let pointer = format!("{pointer}/{}", escape(key));
            match value {
                Value::Object(entries) if map => into.extend(entries.iter().map(|(key, value)| {
                    (value, format!("{pointer}/{}", escape(key)), context.clone())
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
