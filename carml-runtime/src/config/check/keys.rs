//! What the schema says about a place: its keys, and which values are secret.

use crate::config::schema::{Node, Schema};
use jsonschema::ValidationError;
use serde_json::Value;
use std::collections::HashSet;

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
        visit(schema, node, &mut |n| {
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
    let mut walk = Secrets {
        schema,
        seen: HashSet::new(),
        found: Vec::new(),
    };
    walk.value(schema.root(), value, "");
    walk.found
}

struct Secrets<'a> {
    schema: &'a Schema,
    /// Schema objects by address, each with the value that it was held against: a schema may refer to itself.
    seen: HashSet<(*const Value, *const Value)>,
    found: Vec<String>,
}

impl<'a> Secrets<'a> {
    fn value(&mut self, node: Node<'a>, value: &Value, at: &str) {
        let mut parts = Vec::new();
        visit(self.schema, node, &mut |n| parts.push(n));
        for part in parts {
            if self
                .seen
                .insert((std::ptr::from_ref(part.value), std::ptr::from_ref(value)))
            {
                self.part(part, value, at);
            }
        }
    }

    fn part(&mut self, node: Node<'a>, value: &Value, at: &str) {
        let says = |key: &str, what: &Value| node.value.get(key) == Some(what);
        if says("x-carml-type", &"secret".into())
            || says("format", &"password".into())
            || says("writeOnly", &true.into())
        {
            self.found.push(at.to_owned());
        }
        match value {
            Value::Object(map) => {
                let Some(properties) = node.value.get("properties") else {
                    return;
                };
                for (key, inner) in map {
                    if let Some(part) = properties.get(key) {
                        let at = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
                        self.value(
                            Node {
                                value: part,
                                ..node
                            },
                            inner,
                            &at,
                        );
                    }
                }
            }
            Value::Array(list) => {
                let Some(part) = node.value.get("items") else {
                    return;
                };
                for (i, inner) in list.iter().enumerate() {
                    self.value(
                        Node {
                            value: part,
                            ..node
                        },
                        inner,
                        &format!("{at}/{i}"),
                    );
                }
            }
            _ => {}
        }
    }
}

/// Every schema object that speaks about the same value: through references and combinations, each once.
fn visit<'a>(schema: &'a Schema, node: Node<'a>, see: &mut dyn FnMut(Node<'a>)) {
    let mut seen = HashSet::new();
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        if !seen.insert(std::ptr::from_ref(node.value)) {
            continue;
        }
        see(node);
        let reference = node.value.get("$ref").and_then(Value::as_str);
        open.extend(reference.and_then(|r| schema.resolve(node, r)));
        for combination in ["allOf", "anyOf", "oneOf"] {
            let parts = node.value.get(combination).and_then(Value::as_array);
            open.extend(
                parts
                    .into_iter()
                    .flatten()
                    .map(|value| Node { value, ..node }),
            );
        }
        for branch in ["then", "else"] {
            open.extend(node.value.get(branch).map(|value| Node { value, ..node }));
        }
    }
}
