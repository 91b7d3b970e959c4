//! Which schemas apply to a value.

use std::collections::{HashMap, VecDeque};

use serde_json::{Map, Value};

use crate::{Documents, Node, graph::InstanceType, keywords, pointer};

/// A schema that applies to a value.
#[derive(Clone, Debug)]
pub struct Applicable<'a> {
    /// The schema.
    pub node: Node<'a>,
    /// Whether it applies whatever the value is, as no branch of a `oneOf` does.
    pub unconditional: bool,
}

impl<'a> Applicable<'a> {
    /// A schema that applies whatever the value is.
    pub fn always(node: Node<'a>) -> Self {
        Self {
            node,
            unconditional: true,
        }
    }

    fn below(&self, value: &'a Value, unconditional: bool) -> Self {
        Self {
            node: self.node.below(value),
            unconditional: self.unconditional && unconditional,
        }
    }
}

impl Documents {
    /// Every schema that applies to the whole document.
    pub fn top(&self) -> Vec<Applicable<'_>> {
        closure([Applicable::always(self.root())])
    }

    /// Every schema that applies to the value at a pointer, whatever the value is; the nearest
    /// comes first.
    pub fn at(&self, pointer: &str) -> Vec<Applicable<'_>> {
        let mut all = self.top();
        for step in pointer::steps(pointer) {
            let mut below = child(&all, &step);
            if let Ok(index) = step.parse() {
                below.extend(item(&all, index));
            }
            all = closure(below);
        }
        all
    }
}

impl Documents {
    /// Whether the key at a pointer is of CarML's own config, and not one of the user's with the
    /// same name.
    pub fn is_own_key(&self, pointer: &str) -> bool {
        let own = |path: &str| {
            path.starts_with("carml_runtime::config::") || path.starts_with("carml_kv::")
        };
        let all = self.at(pointer);
        all.iter()
            .any(|part| part.node.rust_type().is_some_and(own))
    }
}

/// The same schemas with those that they apply in place, each once, nearest first.
pub fn closure<'a>(from: impl IntoIterator<Item = Applicable<'a>>) -> Vec<Applicable<'a>> {
    let mut seen: HashMap<usize, usize> = HashMap::new();
    let mut found: Vec<Applicable<'a>> = Vec::new();
    let mut open: VecDeque<Applicable<'a>> = from.into_iter().collect();
    while let Some(next) = open.pop_front() {
        match seen.get(&next.node.key()) {
            Some(at) if found[*at].unconditional || !next.unconditional => continue,
            Some(at) => found[*at].unconditional = true,
            None => {
                seen.insert(next.node.key(), found.len());
                found.push(next.clone());
            }
        }
        open.extend(in_place(&next.node).into_iter().map(|mut below| {
            below.unconditional &= next.unconditional;
            below
        }));
    }
    found
}

/// The schemas that a schema applies to the same value: references, combinations and conditions.
pub fn in_place<'a>(node: &Node<'a>) -> Vec<Applicable<'a>> {
    let mut found = Vec::new();
    let mut add = |node, unconditional| {
        found.push(Applicable {
            node,
            unconditional,
        });
    };
    for target in references(node) {
        add(target, true);
    }
    for (keyword, always) in [("allOf", true), ("anyOf", false), ("oneOf", false)] {
        let branches = node.rule(keyword).and_then(Value::as_array);
        let branches: Vec<Node<'_>> = branches
            .into_iter()
            .flatten()
            .map(|branch| node.below(branch))
            .collect();
        // `anyOf: [X, null]` is an optional X.
        let is_null = |branch: &Node<'_>| branch.types() == [InstanceType::Null];
        let real = branches.iter().filter(|branch| !is_null(branch)).count();
        for branch in branches {
            let only = real == 1 && !is_null(&branch);
            add(branch, always || only);
        }
    }
    for keyword in ["then", "else"] {
        if let Some(branch) = node.rule(keyword) {
            add(node.below(branch), false);
        }
    }
    for schema in dependent(node) {
        add(schema, false);
    }
    found
}

/// The schemas that look at the same value when a schema does, those that only test it included.
pub(crate) fn evaluated_in_place<'a>(node: &Node<'a>) -> Vec<Node<'a>> {
    let mut found = references(node);
    for keyword in ["allOf", "anyOf", "oneOf"] {
        let branches = node.rule(keyword).and_then(Value::as_array);
        found.extend(
            branches
                .into_iter()
                .flatten()
                .map(|branch| node.below(branch)),
        );
    }
    for keyword in ["not", "if", "then", "else"] {
        found.extend(node.rule(keyword).map(|schema| node.below(schema)));
    }
    found.extend(dependent(node));
    found.retain(|node| node.value.is_object());
    found
}

/// The schemas that a schema refers to.
pub fn references<'a>(node: &Node<'a>) -> Vec<Node<'a>> {
    let all = keywords::REFERENCES.iter();
    let texts = all.filter_map(|keyword| node.rule(keyword)?.as_str());
    texts
        .filter_map(|reference| node.resolve(reference))
        .collect()
}

fn dependent<'a>(node: &Node<'a>) -> Vec<Node<'a>> {
    let maps = ["dependentSchemas", "dependencies"];
    let maps = maps
        .iter()
        .filter_map(|keyword| node.rule(keyword)?.as_object());
    let schemas = maps
        .flat_map(Map::values)
        .filter(|schema| !schema.is_array());
    schemas.map(|schema| node.below(schema)).collect()
}

/// What the schemas say about the value of a key. A pattern is assumed to match every key that is
/// not named.
pub fn child<'a>(of: &[Applicable<'a>], key: &str) -> Vec<Applicable<'a>> {
    let mut found = Vec::new();
    for part in of {
        let object = |keyword: &str| part.node.rule(keyword).and_then(Value::as_object);
        if let Some(value) = object("properties").and_then(|properties| properties.get(key)) {
            found.push(part.below(value, true));
            continue;
        }
        let patterns = object("patternProperties")
            .into_iter()
            .flat_map(Map::values);
        let before = found.len();
        found.extend(patterns.map(|value| part.below(value, false)));
        let patterned = found.len() > before;
        for keyword in ["additionalProperties", "unevaluatedProperties"] {
            let value = part
                .node
                .rule(keyword)
                .filter(|value| **value != Value::Bool(false));
            found.extend(
                value.map(|value| {
                    part.below(value, !patterned && keyword == "additionalProperties")
                }),
            );
        }
    }
    found
}

/// What the schemas say about the value of a key that none of them names.
pub fn other<'a>(of: &[Applicable<'a>]) -> Vec<Applicable<'a>> {
    child(of, "\u{0}")
}

/// What the schemas say about an item of a list.
pub fn item<'a>(of: &[Applicable<'a>], index: usize) -> Vec<Applicable<'a>> {
    let mut found = Vec::new();
    for part in of {
        let rule = |keyword: &str| part.node.rule(keyword);
        let prefix = prefix(&part.node);
        let value = match prefix.map(|items| items.get(index)) {
            Some(Some(value)) => Some(value),
            Some(None) => {
                rule("additionalItems").or_else(|| rule("items").filter(|items| !items.is_array()))
            }
            None => rule("items"),
        };
        found.extend(value.map(|value| part.below(value, true)));
        for keyword in ["contains", "unevaluatedItems"] {
            found.extend(rule(keyword).map(|value| part.below(value, false)));
        }
    }
    found
}

/// What the schemas say about an item behind those that have a place of their own.
pub fn items<'a>(of: &[Applicable<'a>]) -> Vec<Applicable<'a>> {
    item(of, usize::MAX)
}

/// How many first items have a schema of their own.
pub fn prefix_length(of: &[Applicable<'_>]) -> usize {
    let lengths = of
        .iter()
        .filter_map(|part| prefix(&part.node).map(<[Value]>::len));
    lengths.max().unwrap_or(0)
}

/// Every key that the schemas name, in their order.
pub fn keys<'a>(of: &[Applicable<'a>]) -> Vec<&'a str> {
    let mut found: Vec<&str> = Vec::new();
    for key in of.iter().flat_map(|part| part.node.keys()) {
        if !found.contains(&key) {
            found.push(key);
        }
    }
    found
}

/// Whether a key is required whatever the value is.
pub fn is_required(of: &[Applicable<'_>], key: &str) -> bool {
    of.iter()
        .filter(|part| part.unconditional)
        .any(|part| part.node.required().any(|required| required == key))
}

/// `prefixItems`, or the older list form of `items`.
fn prefix<'a>(node: &Node<'a>) -> Option<&'a [Value]> {
    let list = |keyword: &str| node.rule(keyword)?.as_array();
    list("prefixItems")
        .or_else(|| list("items"))
        .map(Vec::as_slice)
}
