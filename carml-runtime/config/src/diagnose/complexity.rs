//! How much work it is to say what is wrong with a document.

use crate::schema::Schema;
use carml_schema::applicable::{Applicable, child, in_place, item};
use serde_json::Value;
use std::collections::HashMap;

/// More checks of values than this may find more errors than fit into memory.
const MAX_CHECKS: u64 = 500_000;

/// With more pairs of schemas and values than this, the document itself is large.
const MAX_PAIRS: usize = 100_000;

/// How deep references and values together may be nested.
const MAX_DEPTH: usize = 1_000;

/// How many items of each list and mapping are examined in a document that is too large as a whole.
const MAX_ITEMS: usize = 200;

/// Which part of an invalid document can be examined.
pub(super) enum Scope {
    Whole,
    /// The first items of its lists and mappings: the document without the rest, and the pointers
    /// of what was cut.
    Part(Value, Vec<String>),
    /// Nothing: the branches of its branches multiply.
    None,
}

/// Which part of a document can be examined, branch by branch, in bounded time and memory. (Whether
/// it is valid at all is known without that.)
pub(super) fn scope(schema: &Schema, value: &Value) -> Scope {
    match weigh(schema, value) {
        Weight::Light => Scope::Whole,
        Weight::Endless => Scope::None,
        Weight::Large => {
            let mut cuts = Vec::new();
            let part = cut(value, &mut String::new(), &mut cuts);
            match weigh(schema, &part) {
                Weight::Light => Scope::Part(part, cuts),
                _ => Scope::None,
            }
        }
    }
}

enum Weight {
    Light,
    Large,
    Endless,
}

fn weigh(schema: &Schema, value: &Value) -> Weight {
    let mut work = Work {
        known: HashMap::new(),
        steps: 0,
    };
    let root = Applicable::always(schema.root());
    if work.of(&root, value, 0) <= MAX_CHECKS {
        Weight::Light
    } else if work.known.len() > MAX_PAIRS {
        Weight::Large
    } else {
        Weight::Endless
    }
}

/// A copy with the first items of each list and mapping.
fn cut(value: &Value, at: &mut String, cuts: &mut Vec<String>) -> Value {
    let length = at.len();
    let many = match value {
        Value::Array(list) => list.len(),
        Value::Object(map) => map.len(),
        _ => 0,
    };
    if many > MAX_ITEMS {
        cuts.push(at.clone());
    }
    match value {
        Value::Array(list) => {
            let first = list.iter().take(MAX_ITEMS).enumerate();
            let part = first.map(|(n, value)| {
                at.push_str(&format!("/{n}"));
                let part = cut(value, at, cuts);
                at.truncate(length);
                part
            });
            part.collect()
        }
        Value::Object(map) => {
            let first = map.iter().take(MAX_ITEMS);
            let part = first.map(|(key, value)| {
                at.push('/');
                at.push_str(&carml_diagnostic::escape_key(key));
                let part = cut(value, at, cuts);
                at.truncate(length);
                (key.clone(), part)
            });
            Value::Object(part.collect())
        }
        other => other.clone(),
    }
}

struct Work {
    /// How many checks it takes to check a value against a schema; `None` while that is being
    /// counted.
    known: HashMap<(usize, *const Value), Option<u64>>,
    steps: u64,
}

impl Work {
    fn of(&mut self, part: &Applicable<'_>, value: &Value, depth: usize) -> u64 {
        let pair = (part.node.key(), std::ptr::from_ref(value));
        if let Some(known) = self.known.get(&pair) {
            return known.unwrap_or(0);
        }
        self.steps += 1;
        if depth > MAX_DEPTH || self.steps > MAX_CHECKS {
            return MAX_CHECKS + 1;
        }
        self.known.insert(pair, None);
        let mut looks: u64 = 1;
        for below in in_place(&part.node) {
            looks = looks.saturating_add(self.of(&below, value, depth + 1));
        }
        let part = std::slice::from_ref(part);
        let below: Vec<(Vec<Applicable<'_>>, &Value)> = match value {
            Value::Object(map) => {
                let keys = map.iter();
                keys.map(|(key, value)| (child(part, key), value)).collect()
            }
            Value::Array(list) => {
                let items = list.iter().enumerate();
                items.map(|(n, value)| (item(part, n), value)).collect()
            }
            _ => Vec::new(),
        };
        for (parts, value) in below {
            for part in parts {
                looks = looks.saturating_add(self.of(&part, value, depth + 1));
            }
        }
        self.known.insert(pair, Some(looks));
        looks
    }
}

#[cfg(test)]
mod tests {
    use super::cut;
    use serde_json::json;

    #[test]
    fn what_is_cut_is_named() {
        let list: Vec<u32> = (0..300).collect();
        let mut cuts = Vec::new();
        let part = cut(
            &json!({ "a/b": [list], "c": [1] }),
            &mut String::new(),
            &mut cuts,
        );
        assert_eq!(cuts, ["/a~1b/0"]);
        assert_eq!(part["a/b"][0].as_array().map(Vec::len), Some(200));
        assert_eq!(part["c"], json!([1]));
    }
}
