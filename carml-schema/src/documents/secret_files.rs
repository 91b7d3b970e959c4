//! `KEY_file` beside a secret `KEY`, as the loader reads it.

use serde_json::{Map, Value, json};

use crate::{
    Node,
    applicable::{Applicable, child, closure},
};

/// Lets each secret key of a schema be replaced by `KEY_file`, in the copy of its keywords.
pub(super) fn add(node: &Node<'_>, copy: &mut Map<String, Value>) {
    let secret = |of: &[Applicable<'_>], key: &str| {
        let below = closure(child(of, key));
        below.iter().any(|part| part.node.is_secret())
    };
    let own = [Applicable::always(node.clone())];
    let named: Vec<&str> = node.keys().collect();
    let named_secrets: Vec<&str> = named
        .iter()
        .copied()
        .filter(|key| secret(&own, key) && !named.contains(&file_key(key).as_str()))
        .collect();
    if let Some(properties) = copy.get_mut("properties").and_then(Value::as_object_mut) {
        for key in &named_secrets {
            properties.entry(file_key(key)).or_insert_with(|| {
                json!({
                    "description": format!("A file that holds `{key}`, instead of `{key}` itself."),
                    "type": "string",
                    "minLength": 1,
                })
            });
        }
    }
    let mut rules: Vec<Value> = Vec::new();
    for key in &named_secrets {
        rules.push(json!({ "not": { "required": [key, file_key(key)] } }));
    }
    let required: Vec<&str> = match node.required().next() {
        Some(_) => {
            let whole = closure(own);
            node.required().filter(|key| secret(&whole, key)).collect()
        }
        None => Vec::new(),
    };
    if let Some(Value::Array(keys)) = copy.get_mut("required") {
        keys.retain(|key| key.as_str().is_none_or(|key| !required.contains(&key)));
        if keys.is_empty() {
            copy.remove("required");
        }
    }
    for key in required {
        rules.push(json!({ "anyOf": [{ "required": [key] }, { "required": [file_key(key)] }] }));
    }
    if rules.is_empty() {
        return;
    }
    if let Some(all) = copy
        .entry("allOf")
        .or_insert_with(|| json!([]))
        .as_array_mut()
    {
        all.extend(rules);
    }
}

fn file_key(key: &str) -> String {
    format!("{key}_file")
}
