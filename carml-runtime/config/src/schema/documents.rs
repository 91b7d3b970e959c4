//! The documents behind a schema, and what a reference in them names.

use super::walk::Node;
use serde_json::Value;
use std::collections::HashMap;

macro_rules! own {
    ($($file:literal),* $(,)?) => {
        [$(($file, include_str!(concat!("../../schema/", $file)))),*]
    };
}

/// CarML's own documents.
const OWN: [(&str, &str); 11] = own![
    "app.json",
    "base.json",
    "carml.json",
    "download.json",
    "grpc.json",
    "health.json",
    "logger.json",
    "registry.json",
    "store.json",
    "tracer.json",
    "types.json",
];

/// Documents by `$id` and by file name.
#[derive(Clone)]
pub(super) struct Documents(HashMap<String, Value>);

impl Documents {
    /// CarML's own, and those beside the schema.
    pub(super) fn new(siblings: &[(String, Value)]) -> Documents {
        let mut all = HashMap::new();
        for (file, text) in OWN {
            if let Ok(value) = serde_json::from_str::<Value>(text) {
                all.insert(format!("carml://schema/{file}"), value);
            }
        }
        for (file, value) in siblings {
            all.insert(file.clone(), value.clone());
            if let Some(id) = id(value) {
                all.insert(id.to_owned(), value.clone());
            }
        }
        Documents(all)
    }

    /// Those that are not CarML's own.
    pub(super) fn others(&self) -> impl Iterator<Item = (&String, &Value)> {
        let all = self.0.iter();
        all.filter(|(name, _)| !name.starts_with("carml://schema/"))
    }

    /// The same, to build another schema of.
    pub(super) fn siblings(&self) -> Vec<(String, Value)> {
        let others = self.others();
        others
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    /// Changes every document.
    pub(super) fn edit(&mut self, edit: impl FnMut(&mut Value)) {
        self.0.values_mut().for_each(edit);
    }

    /// What a reference names, seen from a node of the root document or of another one.
    pub(super) fn resolve<'a>(
        &'a self,
        root: &'a Value,
        from: Node<'a>,
        reference: &str,
    ) -> Option<Node<'a>> {
        let (file, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let document = if file.is_empty() {
            from.document
        } else if id(root) == Some(file) {
            root
        } else {
            embedded(root, file).or_else(|| self.find(file))?
        };
        let value = self::fragment(document, fragment)?;
        Some(Node { document, value }.below(value))
    }

    /// The document of a URI: by its whole, or by its last segment.
    pub(super) fn find(&self, uri: &str) -> Option<&Value> {
        let uri = uri.trim_end_matches('#');
        let last = uri.rsplit('/').next().unwrap_or_default();
        self.0
            .get(uri)
            .or_else(|| self.0.get(last))
            .or_else(|| self.0.get(&format!("{last}.json")))
            .or_else(|| self.0.get(&format!("carml://schema/{last}")))
    }
}

impl jsonschema::Retrieve for Documents {
    fn retrieve(
        &self,
        uri: &jsonschema::Uri<String>,
    ) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        self.find(uri.as_str())
            .cloned()
            .ok_or_else(|| format!("`{uri}` is not among the files beside the schema").into())
    }
}

/// A document's own name for itself.
pub(super) fn id(value: &Value) -> Option<&str> {
    let id = value.get("$id").or_else(|| value.get("id"))?.as_str()?;
    Some(id.trim_end_matches('#'))
}

/// The schemas inside a document that have an `$id` of their own, as a bundle and a section have them.
pub(super) fn embedded<'a>(root: &'a Value, name: &str) -> Option<&'a Value> {
    let last = |text: &str| text.rsplit('/').next().unwrap_or_default().to_owned();
    let definitions = ["$defs", "definitions", "properties"]
        .into_iter()
        .filter_map(|key| root.get(key)?.as_object())
        .flat_map(serde_json::Map::values);
    let mut near = None;
    for value in definitions {
        match value.get("$id").and_then(Value::as_str) {
            Some(id) if id.trim_end_matches('#') == name => return Some(value),
            Some(id) if last(id) == last(name) => near = Some(value),
            _ => {}
        }
    }
    near
}

/// What a fragment names in a document: a JSON pointer, percent-encoded or not, or an anchor.
pub(super) fn fragment<'a>(document: &'a Value, fragment: &str) -> Option<&'a Value> {
    if fragment.is_empty() {
        return Some(document);
    }
    if fragment.starts_with('/') {
        return document
            .pointer(fragment)
            .or_else(|| document.pointer(&decoded(fragment)));
    }
    let mut open = vec![document];
    let plain_id = format!("#{fragment}");
    while let Some(value) = open.pop() {
        let is = |key: &str, name: &str| value.get(key).and_then(Value::as_str) == Some(name);
        if is("$anchor", fragment)
            || is("$dynamicAnchor", fragment)
            || is("$id", &plain_id)
            || is("id", &plain_id)
        {
            return Some(value);
        }
        match value {
            Value::Object(map) => open.extend(map.values()),
            Value::Array(list) => open.extend(list),
            _ => {}
        }
    }
    None
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after
            .get(..2)
            .filter(|_| *first == b'%')
            .and_then(|h| u8::from_str_radix(std::str::from_utf8(h).ok()?, 16).ok());
        bytes.push(hex.unwrap_or(*first));
        rest = &after[if hex.is_some() { 2 } else { 0 }..];
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
