//! Schemas that a program joins to another one: sections and middlewares.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

/// Makes a section of the schema of a Rust type: closed, with defaults filled in, and absent if
/// none of its keys is required.
pub fn section(name: &str, schema: &mut Value) {
    close(schema);
    let Some(map) = schema.as_object_mut() else {
        return;
    };
    let optional = map.get("required").is_none();
    map.entry("$id")
        .or_insert_with(|| format!("carml://section/{name}.json").into());
    map.entry("x-carml-defaults")
        .or_insert_with(|| "fill".into());
    if optional {
        map.entry("default").or_insert_with(|| Map::new().into());
    }
}

/// Adds a property to a schema.
pub fn add_property(schema: &mut Value, key: &str, property: Value) {
    if let Some(object) = schema.as_object_mut() {
        let properties = object
            .entry("properties")
            .or_insert_with(|| Map::new().into());
        if let Some(properties) = properties.as_object_mut() {
            properties.insert(key.to_owned(), property);
        }
    }
}

/// A middleware's alternative of the items of a side's list, and the document of its options, if it
/// has any.
pub fn middleware(side: &str, name: &str, mut options: Value) -> (Value, Option<(String, Value)>) {
    close(&mut options);
    if options.get("type").and_then(Value::as_str) == Some("null") {
        return (json!({ "title": name, "const": name }), None);
    }
    let id = format!("carml://middleware/{side}/{name}.json");
    if let Some(map) = options.as_object_mut() {
        map.insert("$id".to_owned(), id.clone().into());
    }
    let alternative = json!({
        "title": name,
        "type": "object",
        "required": [name],
        "additionalProperties": false,
        "properties": { name: { "$ref": id } },
    });
    (alternative, Some((id, options)))
}

/// Adds alternatives to each list of a side's middlewares in a document.
pub fn add_middlewares(document: &mut Value, side: &str, alternatives: &[Value]) {
    match document {
        Value::Object(map) => {
            let marked = map.get("x-carml-middleware").and_then(Value::as_str);
            if marked == Some(side)
                && let Some(Value::Array(known)) = map.get_mut("oneOf")
            {
                let new = alternatives.iter().filter(|new| !known.contains(new));
                let new: Vec<Value> = new.cloned().collect();
                known.extend(new);
            }
            let below = map.values_mut();
            below.for_each(|below| add_middlewares(below, side, alternatives));
        }
        Value::Array(list) => list
            .iter_mut()
            .for_each(|below| add_middlewares(below, side, alternatives)),
        _ => {}
    }
}

/// Refuses the keys that no property names, in the schema and in each of its definitions.
///
/// A definition that another schema adds keys to, as the variants of a tagged enum do, stays open:
/// the schema around it is closed.
fn close(schema: &mut Value) {
    let mut extended = HashSet::new();
    find_extended(schema, false, &mut extended);
    if let Some(definitions) = schema.get_mut("$defs").and_then(Value::as_object_mut) {
        for (name, definition) in definitions {
            if !extended.contains(&format!("#/$defs/{name}")) {
                close_one(definition);
            }
        }
    }
    close_one(schema);
}

const COMBINING: [&str; 4] = ["$ref", "allOf", "anyOf", "oneOf"];

fn close_one(schema: &mut Value) {
    let Some(map) = schema.as_object_mut() else {
        return;
    };
    let keyed = map.contains_key("properties");
    let combines = COMBINING.iter().any(|keyword| map.contains_key(*keyword));
    let open = !map.contains_key("additionalProperties");
    if open && keyed {
        let keyword = match combines {
            true => "unevaluatedProperties",
            false => "additionalProperties",
        };
        map.entry(keyword).or_insert(false.into());
    } else if let Some(Value::Array(branches)) = map.get_mut("oneOf") {
        branches.iter_mut().for_each(close_one);
    }
    for keyword in ["properties", "patternProperties"] {
        if let Some(Value::Object(below)) = map.get_mut(keyword) {
            below.values_mut().for_each(close_one);
        }
    }
    for keyword in ["items", "additionalProperties"] {
        map.get_mut(keyword).into_iter().for_each(close_one);
    }
}

/// The references that are beside other keywords about the same value.
fn find_extended(schema: &Value, inside_all_of: bool, found: &mut HashSet<String>) {
    match schema {
        Value::Object(map) => {
            let beside = COMBINING[1..].iter().chain(&["properties"]);
            let extends =
                inside_all_of || beside.into_iter().any(|keyword| map.contains_key(*keyword));
            if let (true, Some(Value::String(reference))) = (extends, map.get("$ref")) {
                found.insert(reference.clone());
            }
            for (keyword, below) in map {
                find_extended(below, keyword == "allOf", found);
            }
        }
        Value::Array(list) => {
            for below in list {
                find_extended(below, inside_all_of, found);
            }
        }
        _ => {}
    }
}
