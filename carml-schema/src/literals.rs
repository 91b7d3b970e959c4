//! The values that schemas spell out.

use std::collections::HashSet;

use serde_json::Value;

use crate::{Documents, keywords, own};

impl Documents {
    /// Every string that a schema gives as a value: allowed ones, defaults and examples.
    pub fn literals(&self) -> HashSet<&str> {
        let mut found = HashSet::new();
        let own = own::DOCUMENTS
            .iter()
            .map(|file| format!("{}{}", own::PREFIX, file.0));
        let own: Vec<_> = own.filter_map(|address| self.find(&address)).collect();
        for node in self.nodes().chain(own) {
            add(node.value, &mut found);
        }
        found
    }
}

fn add<'a>(schema: &'a Value, found: &mut HashSet<&'a str>) {
    match schema {
        Value::Object(map) => {
            for (keyword, value) in map {
                if keywords::is_data(keyword) {
                    add_strings(value, found);
                } else {
                    add(value, found);
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|value| add(value, found)),
        _ => {}
    }
}

fn add_strings<'a>(value: &'a Value, found: &mut HashSet<&'a str>) {
    match value {
        Value::String(text) => {
            found.insert(text);
        }
        Value::Array(list) => list.iter().for_each(|value| add_strings(value, found)),
        Value::Object(map) => map.values().for_each(|value| add_strings(value, found)),
        _ => {}
    }
}
