//! Which parts of a schema speak about a value.

use super::Schema;
use serde_json::Value;
use std::collections::{HashMap, VecDeque};

/// A part of a schema, and the document that it stands in.
#[derive(Clone, Copy)]
pub(crate) struct Node<'a> {
    pub(crate) document: &'a Value,
    pub(crate) value: &'a Value,
}

impl<'a> Node<'a> {
    /// A part below this one; it may be a document of its own.
    pub(crate) fn below(self, value: &'a Value) -> Node<'a> {
        let own = value
            .get("$id")
            .and_then(Value::as_str)
            .is_some_and(|id| !id.starts_with('#'));
        Node {
            document: if own { value } else { self.document },
            value,
        }
    }

    pub(crate) fn get(self, keyword: &str) -> Option<Node<'a>> {
        self.value.get(keyword).map(|value| self.below(value))
    }

    pub(crate) fn text(self, keyword: &str) -> Option<&'a str> {
        self.value.get(keyword)?.as_str()
    }
}

/// A node that speaks about a value.
#[derive(Clone, Copy)]
pub(crate) struct Part<'a> {
    pub(crate) node: Node<'a>,
    /// Whether it holds whatever the value is, as no branch of a `oneOf` does.
    pub(crate) sure: bool,
}

impl Schema {
    /// Every part that speaks about the whole document.
    pub(crate) fn top(&self) -> Vec<Part<'_>> {
        self.parts([Part {
            node: self.root(),
            sure: true,
        }])
    }

    /// Every part that speaks about the value of a pointer, whatever the value is; its own words come first.
    pub(crate) fn at(&self, pointer: &str) -> Vec<Part<'_>> {
        let mut parts = self.top();
        for step in pointer.split('/').skip(1) {
            let step = step.replace("~1", "/").replace("~0", "~");
            let mut below = child(&parts, &step);
            if let Ok(index) = step.parse() {
                below.extend(item(&parts, index));
            }
            parts = self.parts(below);
        }
        parts
    }

    /// The same parts with those that they refer to and are combined of, each once, nearest first.
    pub(crate) fn parts<'a>(&'a self, from: impl IntoIterator<Item = Part<'a>>) -> Vec<Part<'a>> {
        let mut seen: HashMap<*const Value, usize> = HashMap::new();
        let mut found: Vec<Part<'a>> = Vec::new();
        let mut open: VecDeque<Part<'a>> = from.into_iter().collect();
        while let Some(part) = open.pop_front() {
            match seen.get(&std::ptr::from_ref(part.node.value)) {
                Some(at) if found[*at].sure || !part.sure => continue,
                Some(at) => found[*at].sure = true,
                None => {
                    seen.insert(std::ptr::from_ref(part.node.value), found.len());
                    found.push(part);
                }
            }
            for (node, sure) in self.beside(part.node) {
                let sure = sure && part.sure;
                open.push_back(Part { node, sure });
            }
        }
        found
    }

    /// The nodes that a node hands the same value to, and whether they hold whatever the value is.
    pub(crate) fn beside<'a>(&'a self, node: Node<'a>) -> Vec<(Node<'a>, bool)> {
        let mut found = Vec::new();
        for keyword in ["$ref", "$dynamicRef", "$recursiveRef"] {
            let target = node.text(keyword).and_then(|r| self.resolve(node, r));
            found.extend(target.map(|n| (n, true)));
        }
        for (keyword, sure) in [("allOf", true), ("anyOf", false), ("oneOf", false)] {
            let branches = node.value.get(keyword).and_then(Value::as_array);
            let branches: Vec<&Value> = branches.into_iter().flatten().collect();
            // `anyOf: [X, null]` is an optional X.
            let real = branches.iter().filter(|b| !is_null(b)).count();
            found.extend(
                branches
                    .into_iter()
                    .map(|value| (node.below(value), sure || real == 1 && !is_null(value))),
            );
        }
        for keyword in ["then", "else"] {
            found.extend(node.get(keyword).map(|n| (n, false)));
        }
        let dependent = ["dependentSchemas", "dependencies"]
            .into_iter()
            .filter_map(|keyword| node.value.get(keyword)?.as_object());
        for value in dependent.flat_map(serde_json::Map::values) {
            found.push((node.below(value), false));
        }
        found
    }
}

fn is_null(branch: &Value) -> bool {
    branch.get("type").and_then(Value::as_str) == Some("null")
}

/// What the parts say about the value of a key. A pattern is taken to fit every key that is not named.
pub(crate) fn child<'a>(parts: &[Part<'a>], key: &str) -> Vec<Part<'a>> {
    let mut found = Vec::new();
    let open = |node: &Node<'a>| *node.value != Value::Bool(false);
    for part in parts {
        let object = |keyword: &str| part.node.value.get(keyword).and_then(Value::as_object);
        if let Some(value) = object("properties").and_then(|p| p.get(key)) {
            found.push(Part {
                node: part.node.below(value),
                ..*part
            });
            continue;
        }
        let patterns = object("patternProperties")
            .into_iter()
            .flat_map(serde_json::Map::values);
        let before = found.len();
        found.extend(patterns.map(|value| Part {
            node: part.node.below(value),
            sure: false,
        }));
        let patterned = found.len() > before;
        for keyword in ["additionalProperties", "unevaluatedProperties"] {
            let node = part.node.get(keyword).filter(open);
            found.extend(node.map(|node| Part {
                node,
                sure: part.sure && !patterned && keyword == "additionalProperties",
            }));
        }
    }
    found
}

/// What the parts say about an item of a list.
pub(crate) fn item<'a>(parts: &[Part<'a>], index: usize) -> Vec<Part<'a>> {
    let mut found = Vec::new();
    for part in parts {
        let list = |keyword: &str| {
            let list = part.node.value.get(keyword)?.as_array()?;
            Some((list.get(index), list.len()))
        };
        let tuple = list("prefixItems").or_else(|| list("items"));
        let node = match tuple {
            Some((Some(value), _)) => Some(part.node.below(value)),
            Some((None, _)) => part
                .node
                .get("additionalItems")
                .or_else(|| part.node.get("items").filter(|n| !n.value.is_array())),
            None => part.node.get("items"),
        };
        let sure = part.sure;
        found.extend(node.map(|node| Part { node, sure }));
        for keyword in ["contains", "unevaluatedItems"] {
            found.extend(
                part.node
                    .get(keyword)
                    .map(|node| Part { node, sure: false }),
            );
        }
    }
    found
}

/// Every key that the parts name, in their order, with what they say of it.
pub(crate) fn keys<'a>(parts: &[Part<'a>]) -> Vec<&'a str> {
    let mut found: Vec<&str> = Vec::new();
    for part in parts {
        let properties = part.node.value.get("properties").and_then(Value::as_object);
        for key in properties.into_iter().flat_map(serde_json::Map::keys) {
            if !found.contains(&key.as_str()) {
                found.push(key);
            }
        }
    }
    found
}
