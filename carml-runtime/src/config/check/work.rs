//! How much work it is to say what is wrong.

use crate::config::schema::{Part, Schema, child, item};
use serde_json::Value;
use std::collections::HashMap;

/// More looks at values than this, where there are few values: branches of branches multiply.
const MOST: u64 = 500_000;

/// With more pairs of schemas and values than this, the document is large, and its faults are few for its size.
const MOST_PAIRS: usize = 100_000;

/// How deep references and values may nest together.
const MOST_DEPTH: usize = 1_000;

/// Whether each branch of each branch would have to be told of, without end in sight. (Whether a document is valid at
/// all is known without that.)
pub(super) fn is_endless(schema: &Schema, value: &Value) -> bool {
    let mut work = Work {
        schema,
        known: HashMap::new(),
    };
    let root = Part {
        node: schema.root(),
        sure: true,
    };
    let looks = work.of(root, value, 0);
    looks > MOST && work.known.len() <= MOST_PAIRS
}

struct Work<'a> {
    schema: &'a Schema,
    /// How many looks a schema's look at a value costs; none yet for those that are being counted.
    known: HashMap<(*const Value, *const Value), Option<u64>>,
}

impl<'a> Work<'a> {
    fn of(&mut self, part: Part<'a>, value: &Value, depth: usize) -> u64 {
        let pair = (
            std::ptr::from_ref(part.node.value),
            std::ptr::from_ref(value),
        );
        if let Some(known) = self.known.get(&pair) {
            return known.unwrap_or(0);
        }
        if depth > MOST_DEPTH || self.known.len() > MOST_PAIRS {
            return MOST + 1;
        }
        self.known.insert(pair, None);
        let mut looks: u64 = 1;
        for (node, sure) in self.schema.beside(part.node) {
            looks = looks.saturating_add(self.of(Part { node, sure }, value, depth + 1));
        }
        let below: Vec<(Vec<Part<'a>>, &Value)> = match value {
            Value::Object(map) => {
                let keys = map.iter();
                keys.map(|(key, value)| (child(&[part], key), value))
                    .collect()
            }
            Value::Array(list) => {
                let items = list.iter().enumerate();
                items.map(|(n, value)| (item(&[part], n), value)).collect()
            }
            _ => Vec::new(),
        };
        for (parts, value) in below {
            for part in parts {
                looks = looks.saturating_add(self.of(part, value, depth + 1));
            }
        }
        self.known.insert(pair, Some(looks));
        looks
    }
}
