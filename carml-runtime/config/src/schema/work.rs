//! How much work a schema makes of one value.

use super::documents::Documents;
use super::walk::Node;
use serde_json::Value;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// More schemas than this that all speak about one value are not for people: each may be looked at for it.
const MOST: u64 = 100_000;

/// Whether a schema is unfolded by its references to more than can be checked.
pub(super) fn is_endless(root: &Value, documents: &Documents) -> bool {
    let mut work = Work {
        root,
        documents,
        known: HashMap::new(),
    };
    let whole = std::iter::once(root).chain(documents.others().map(|(_, document)| document));
    for document in whole {
        let mut open = vec![Node {
            document,
            value: document,
        }];
        while let Some(node) = open.pop() {
            if node.value.is_object() && work.of(node) > MOST {
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

struct Work<'a> {
    root: &'a Value,
    documents: &'a Documents,
    /// What is known; none yet for those that are being looked at.
    known: HashMap<*const Value, Option<u64>>,
}

impl<'a> Work<'a> {
    /// How many schemas look at a value if this one does: itself, and each that it hands the value to, as often as it does.
    fn of(&mut self, node: Node<'a>) -> u64 {
        let mut open = vec![(node, false)];
        while let Some((node, seen)) = open.pop() {
            let at = std::ptr::from_ref(node.value);
            if seen {
                let below = self.beside(node);
                let parts = below.iter().filter_map(|n| self.count(*n));
                let whole = parts.fold(1, u64::saturating_add);
                self.known.insert(at, Some(whole));
            } else if let Entry::Vacant(slot) = self.known.entry(at) {
                slot.insert(None);
                open.push((node, true));
                open.extend(self.beside(node).into_iter().map(|n| (n, false)));
            }
        }
        self.count(node).unwrap_or(1)
    }

    fn count(&self, node: Node<'a>) -> Option<u64> {
        *self.known.get(&std::ptr::from_ref(node.value))?
    }

    /// The schemas that a schema hands the same value to.
    fn beside(&self, node: Node<'a>) -> Vec<Node<'a>> {
        let mut found = Vec::new();
        for keyword in ["$ref", "$dynamicRef", "$recursiveRef"] {
            let reference = node.text(keyword);
            found.extend(reference.and_then(|r| self.documents.resolve(self.root, node, r)));
        }
        for keyword in ["allOf", "anyOf", "oneOf"] {
            let branches = node.value.get(keyword).and_then(Value::as_array);
            found.extend(
                branches
                    .into_iter()
                    .flatten()
                    .map(|value| node.below(value)),
            );
        }
        for keyword in ["not", "if", "then", "else"] {
            found.extend(node.get(keyword));
        }
        for keyword in ["dependentSchemas", "dependencies"] {
            let schemas = node.value.get(keyword).and_then(Value::as_object);
            found.extend(
                schemas
                    .into_iter()
                    .flat_map(|map| map.values())
                    .map(|value| node.below(value)),
            );
        }
        found.retain(|node| node.value.is_object());
        found
    }
}

#[cfg(test)]
mod tests {
    use super::{Documents, is_endless};
    use serde_json::{Value, json};

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

    #[test]
    fn what_multiplies_is_found_and_what_recurs_is_not() {
        let documents = Documents::new(&[]);
        for keyword in ["allOf", "anyOf", "oneOf"] {
            assert!(is_endless(&doubling(40, keyword), &documents), "{keyword}");
            assert!(!is_endless(&doubling(10, keyword), &documents), "{keyword}");
        }
        let recurring =
            json!({ "anyOf": [{ "$ref": "#" }, { "properties": { "a": { "$ref": "#" } } }] });
        assert!(!is_endless(&recurring, &documents));
    }
}
