//! One self-contained document, for editors and validators that have no files of CarML's.

use super::walk::{Node, Part, keys};
use super::{Schema, documents};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, VecDeque};

impl Schema {
    /// The schema with every document that it refers to inside, all references local: what an editor needs for
    /// completion. A secret's `KEY_file` stands beside its `KEY`.
    pub fn bundled(&self) -> Value {
        let root = self.root().value;
        let place = match root.get("$schema").and_then(Value::as_str) {
            Some(draft) if draft.contains("/20") => "$defs",
            _ => "definitions",
        };
        let mut work = Work {
            schema: self,
            place,
            names: BTreeMap::new(),
            open: VecDeque::new(),
        };
        let mut bundle = work.copy(self.root(), "#", false);
        let mut inside = Map::new();
        while let Some((document, name)) = work.open.pop_front() {
            let base = format!("#/{place}/{name}");
            let node = Node {
                document,
                value: document,
            };
            let mut copy = work.copy(node, &base, false);
            if let Some(map) = copy.as_object_mut() {
                map.remove("$id");
                map.remove("id");
                map.remove("$schema");
            }
            inside.insert(name, copy);
        }
        if let (Some(map), false) = (bundle.as_object_mut(), inside.is_empty()) {
            let slot = map.entry(place).or_insert_with(|| Map::new().into());
            if let Some(slot) = slot.as_object_mut() {
                slot.extend(inside);
            }
        }
        bundle
    }
}

struct Work<'a> {
    schema: &'a Schema,
    place: &'static str,
    /// Documents by address, with their names in the bundle.
    names: BTreeMap<*const Value, String>,
    open: VecDeque<(&'a Value, String)>,
}

impl<'a> Work<'a> {
    /// A copy with references made local; `base` is where the node's document stands in the bundle.
    fn copy(&mut self, node: Node<'a>, base: &str, named: bool) -> Value {
        match node.value {
            Value::Object(map) => {
                let mut out = Map::new();
                for (key, value) in map {
                    let below = node.below(value);
                    let embedded = !std::ptr::eq(below.document, node.document);
                    let copy = match (key.as_str(), value) {
                        ("$ref", Value::String(reference)) if !named => {
                            self.local(node, reference, base).into()
                        }
                        ("enum" | "const" | "default" | "examples", _) if !named => value.clone(),
                        _ if embedded => {
                            let name = self.name(below.document);
                            serde_json::json!({ "$ref": format!("#/{}/{name}", self.place) })
                        }
                        _ => {
                            let names = !named && is_map_of_schemas(key);
                            self.copy(below, base, names)
                        }
                    };
                    out.insert(key.clone(), copy);
                }
                if !named {
                    self.add_files(node, &mut out);
                }
                Value::Object(out)
            }
            Value::Array(list) => list
                .iter()
                .map(|value| self.copy(node.below(value), base, false))
                .collect(),
            other => other.clone(),
        }
    }

    /// A reference as seen in the bundle.
    fn local(&mut self, from: Node<'a>, reference: &str, base: &str) -> String {
        let fragment = reference.split_once('#').map_or("", |r| r.1);
        let whole = reference.split('#').next().unwrap_or_default();
        let Some(target) = self
            .schema
            .resolve(from, whole)
            .filter(|_| !whole.is_empty())
        else {
            return match fragment.strip_prefix('/') {
                Some(_) => format!("{base}{fragment}"),
                None if fragment.is_empty() => base.to_owned(),
                None => reference.to_owned(),
            };
        };
        if std::ptr::eq(target.document, self.schema.root().value) {
            return format!("#{fragment}");
        }
        let name = self.name(target.document);
        format!("#/{}/{name}{fragment}", self.place)
    }

    fn name(&mut self, document: &'a Value) -> String {
        if let Some(name) = self.names.get(&std::ptr::from_ref(document)) {
            return name.clone();
        }
        let id = documents::id(document).unwrap_or("document");
        let file = id.rsplit('/').next().unwrap_or(id);
        let stem = file.strip_suffix(".json").unwrap_or(file);
        let stem: String = stem
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || c == '-' {
                    c
                } else {
                    '_'
                }
            })
            .collect();
        let own = self.schema.root().value.get(self.place);
        let taken = |name: &str| {
            own.is_some_and(|o| o.get(name).is_some()) || self.names.values().any(|n| n == name)
        };
        let mut name = stem.clone();
        let mut count = 1;
        while taken(&name) {
            count += 1;
            name = format!("{stem}-{count}");
        }
        self.names
            .insert(std::ptr::from_ref(document), name.clone());
        self.open.push_back((document, name.clone()));
        name
    }

    /// `KEY_file` beside each secret `KEY`.
    fn add_files(&self, node: Node<'a>, out: &mut Map<String, Value>) {
        let part = Part { node, sure: true };
        let secrets: Vec<&str> = keys(&[part])
            .into_iter()
            .filter(|key| {
                let own = node.value.get("properties").and_then(|p| p.get(*key));
                let parts = own.map(|value| {
                    self.schema.parts([Part {
                        node: node.below(value),
                        sure: true,
                    }])
                });
                parts.is_some_and(|parts| {
                    parts
                        .iter()
                        .any(|p| p.node.text("x-carml-type") == Some("secret"))
                })
            })
            .collect();
        let Some(properties) = out.get_mut("properties").and_then(Value::as_object_mut) else {
            return;
        };
        for key in secrets {
            properties.entry(format!("{key}_file")).or_insert_with(|| {
                serde_json::json!({
                    "description": format!("A file that holds `{key}`, instead of `{key}` itself."),
                    "type": "string",
                    "minLength": 1,
                })
            });
        }
    }
}

/// Keywords whose maps have names of the schema's author as keys.
fn is_map_of_schemas(keyword: &str) -> bool {
    matches!(
        keyword,
        "properties"
            | "patternProperties"
            | "$defs"
            | "definitions"
            | "dependentSchemas"
            | "dependencies"
    )
}
