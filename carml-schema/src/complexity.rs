//! How much work it is to validate one value against a schema.

use std::collections::{HashMap, hash_map::Entry};

use serde_json::Value;

use crate::{Documents, Node, applicable::evaluated_in_place};

/// A schema that applies more schemas than this to one value was not written by people: the
/// validator may look at each of them.
const MAX_EVALUATED: u64 = 100_000;

impl Documents {
    /// Whether references multiply to more schemas than can be checked.
    pub fn is_too_complex(&self) -> bool {
        let mut counter = Counter {
            known: HashMap::new(),
        };
        for document in self.nodes() {
            let mut open = vec![document];
            while let Some(node) = open.pop() {
                if node.value.is_object() && counter.count(&node) > MAX_EVALUATED {
                    return true;
                }
                match node.value {
                    Value::Object(map) => open.extend(map.values().map(|value| node.below(value))),
                    Value::Array(list) => open.extend(list.iter().map(|value| node.below(value))),
                    _ => {}
                }
            }
        }
        false
    }
}

struct Counter {
    /// `None` for those that are being counted.
    known: HashMap<usize, Option<u64>>,
}

impl Counter {
    /// How many schemas look at a value if this one does, itself included, as often as each does.
    fn count(&mut self, node: &Node<'_>) -> u64 {
        let mut open = vec![(node.clone(), false)];
        while let Some((node, seen)) = open.pop() {
            if seen {
                let below = evaluated_in_place(&node);
                let parts = below.iter().filter_map(|node| self.get(node));
                let whole = parts.fold(1, u64::saturating_add);
                self.known.insert(node.key(), Some(whole));
            } else if let Entry::Vacant(slot) = self.known.entry(node.key()) {
                slot.insert(None);
                let below = evaluated_in_place(&node);
                open.push((node, true));
                open.extend(below.into_iter().map(|node| (node, false)));
            }
        }
        self.get(node).unwrap_or(1)
    }

    fn get(&self, node: &Node<'_>) -> Option<u64> {
        *self.known.get(&node.key())?
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// A schema of so many levels, each of which names the next one twice.
    fn doubling(levels: usize, keyword: &str) -> Value {
        let mut definitions = serde_json::Map::new();
        for n in 0..levels {
            let next = json!({ "$ref": format!("#/$defs/a{}", n + 1) });
            definitions.insert(format!("a{n}"), json!({ keyword: [next.clone(), next] }));
        }
        definitions.insert(format!("a{levels}"), json!({ "type": "integer" }));
        json!({ "$ref": "#/$defs/a0", "$defs": definitions })
    }

    fn is_too_complex(schema: Value) -> bool {
        let documents = Documents::given("schema.json", schema, &[]).expect("a schema");
        documents.is_too_complex()
    }

    #[test]
    fn multiplying_references_are_found_and_recursion_is_allowed() {
        for keyword in ["allOf", "anyOf", "oneOf"] {
            assert!(is_too_complex(doubling(40, keyword)), "{keyword}");
            assert!(!is_too_complex(doubling(10, keyword)), "{keyword}");
        }
        let recursive =
            json!({ "anyOf": [{ "$ref": "#" }, { "properties": { "a": { "$ref": "#" } } }] });
        assert!(!is_too_complex(recursive));
    }
}
