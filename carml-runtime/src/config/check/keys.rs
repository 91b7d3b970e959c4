//! What the schema says about a place: its keys, and which values are secret.

use crate::config::schema::{Node, Schema};
use jsonschema::ValidationError;
use serde_json::Value;

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
    let mut keys = Vec::new();
    if let Some(node) = owner(schema, error) {
        visit(schema, node, 0, &mut |n| {
            keys.extend(
                n.value
                    .get("properties")
                    .and_then(Value::as_object)
                    .into_iter()
                    .flat_map(|p| p.keys().cloned()),
            );
        });
    }
    keys
}

/// The pointers of every value that the schema calls secret.
pub(super) fn secrets(schema: &Schema, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    secret(schema, schema.root(), value, "", 0, &mut found);
    found
}

fn secret(
    schema: &Schema,
    node: Node<'_>,
    value: &Value,
    at: &str,
    depth: usize,
    found: &mut Vec<String>,
) {
    if depth > 64 {
        return;
    }
    visit(schema, node, 0, &mut |n| {
        let kind = n.value.get("x-carml-type").and_then(Value::as_str);
        if kind == Some("secret")
            || n.value.get("writeOnly") == Some(&Value::Bool(true))
            || n.value.get("format") == Some(&Value::from("password"))
        {
            found.push(at.to_owned());
        }
        if let (Value::Object(map), Some(properties)) = (value, n.value.get("properties")) {
            for (key, inner) in map {
                if let Some(part) = properties.get(key) {
                    let at = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
                    secret(
                        schema,
                        Node { value: part, ..n },
                        inner,
                        &at,
                        depth + 1,
                        found,
                    );
                }
            }
        }
        if let (Value::Array(list), Some(part)) = (value, n.value.get("items")) {
            for (i, inner) in list.iter().enumerate() {
                secret(
                    schema,
                    Node { value: part, ..n },
                    inner,
                    &format!("{at}/{i}"),
                    depth + 1,
                    found,
                );
            }
        }
    });
}

/// Every schema object that speaks about the same value: through references and combinations.
fn visit<'a>(schema: &'a Schema, node: Node<'a>, depth: usize, see: &mut dyn FnMut(Node<'a>)) {
    if depth > 16 {
        return;
    }
    see(node);
    if let Some(target) = node
        .value
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|r| schema.resolve(node, r))
    {
        visit(schema, target, depth + 1, see);
    }
    for combination in ["allOf", "anyOf", "oneOf"] {
        for part in node
            .value
            .get(combination)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            visit(
                schema,
                Node {
                    value: part,
                    ..node
                },
                depth + 1,
                see,
            );
        }
    }
    for branch in ["then", "else"] {
        if let Some(part) = node.value.get(branch) {
            visit(
                schema,
                Node {
                    value: part,
                    ..node
                },
                depth + 1,
                see,
            );
        }
    }
}
