//! Reads documents into the graph: references become edges, the drafts' differences end here.

use std::{
    collections::{BTreeSet, HashMap},
    path::{Path, PathBuf},
};

use serde_json::{Map, Value};

use super::{Error, documents::Documents};
use crate::ir::schema::{Additional, Graph, Kind, RustType, Schema, SchemaId};

pub(super) struct Read {
    pub(super) graph: Graph,
    pub(super) root: SchemaId,
    pub(super) files: Vec<PathBuf>,
    pub(super) extends_base: bool,
    pub(super) bundle: Value,
}

pub(super) fn read(file: &Path) -> Result<Read, Error> {
    let (documents, name) = Documents::open(file)?;
    let mut reader = Reader {
        documents,
        graph: Graph::default(),
        known: HashMap::new(),
        pending: Vec::new(),
    };
    let stem = file
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned());
    let root = reader.id(&name, "", stem.as_deref().unwrap_or("root"));
    // A work list in place of recursion: a deep document cannot overflow the stack here.
    while let Some((id, document, pointer)) = reader.pending.pop() {
        reader.fill(id, &document, &pointer);
    }
    let extends_base = reader.documents.extend_base();
    let bundle = reader.documents.bundle(&name);
    let mut files = reader.documents.files;
    files.sort();
    Ok(Read {
        extends_base,
        bundle,
        graph: reader.graph,
        root,
        files,
    })
}

struct Reader {
    documents: Documents,
    graph: Graph,
    known: HashMap<(String, String), SchemaId>,
    pending: Vec<(SchemaId, String, String)>,
}

impl Reader {
    fn id(&mut self, document: &str, pointer: &str, hint: &str) -> SchemaId {
        let key = (document.to_owned(), pointer.to_owned());
        if let Some(id) = self.known.get(&key) {
            return *id;
        }
        let id = SchemaId(self.graph.schemas.len());
        self.graph.schemas.push(Schema {
            place: format!("{document}#{pointer}"),
            hint: hint.to_owned(),
            ..Schema::default()
        });
        self.known.insert(key.clone(), id);
        self.pending.push((id, key.0, key.1));
        id
    }

    fn fill(&mut self, id: SchemaId, document: &str, pointer: &str) {
        let found = self
            .documents
            .get(document)
            .and_then(|value| value.pointer(pointer));
        let mut schema = self.graph.schemas[id.0].clone();
        match found.cloned() {
            Some(Value::Object(object)) => self.object(&mut schema, document, pointer, &object),
            Some(Value::Bool(true)) => {}
            Some(Value::Bool(false)) => {
                schema.unread = Some("no value is allowed here".to_owned());
            }
            Some(_) => schema.unread = Some("this is not a schema".to_owned()),
            None => schema.unread = Some("there is nothing at this reference".to_owned()),
        }
        self.graph.schemas[id.0] = schema;
    }

    fn object(
        &mut self,
        schema: &mut Schema,
        document: &str,
        pointer: &str,
        object: &Map<String, Value>,
    ) {
        if let Some(reference) = object.get("$ref").or_else(|| object.get("$dynamicRef")) {
            match reference.as_str() {
                Some(reference) => self.reference(schema, document, reference),
                None => schema.unread = Some("a reference is a string".to_owned()),
            }
        }
        describe(schema, object);
        let root = self.documents.get(document);
        schema.fill = root
            .and_then(|root| root.get("x-carml-defaults"))
            .and_then(Value::as_str)
            == Some("fill");
        let mut child = |keyword: &str, name: &str, hint: &str| {
            let mut at = format!("{pointer}/{keyword}");
            if !name.is_empty() || keyword == "properties" {
                at = format!("{at}/{}", escape(name));
            }
            self.id(document, &at, hint)
        };
        if let Some(Value::Object(properties)) = object.get("properties") {
            for name in properties.keys() {
                let property = child("properties", name, name);
                schema.properties.insert(name.clone(), property);
            }
        }
        let closed = |keyword| object.get(keyword) == Some(&Value::Bool(false));
        schema.additional = match object.get("additionalProperties") {
            Some(Value::Object(rules)) if !rules.is_empty() => Additional::Typed(child(
                "additionalProperties",
                "",
                &format!("{}_value", schema.hint),
            )),
            _ if closed("additionalProperties") || closed("unevaluatedProperties") => {
                Additional::Closed
            }
            _ => Additional::Open,
        };
        schema.patterned =
            matches!(object.get("patternProperties"), Some(Value::Object(p)) if !p.is_empty());
        schema.tuple = object.contains_key("prefixItems")
            || matches!(object.get("items"), Some(Value::Array(_)));
        if matches!(object.get("items"), Some(Value::Object(_))) && !schema.tuple {
            schema.items = Some(child("items", "", &singular(&schema.hint)));
        }
        let mut children = |keyword: &str| -> Vec<SchemaId> {
            let count = object
                .get(keyword)
                .and_then(Value::as_array)
                .map_or(0, Vec::len);
            (0..count)
                .map(|index| child(keyword, &index.to_string(), &schema.hint))
                .collect()
        };
        schema.one_of = children("oneOf");
        schema.any_of = children("anyOf");
        schema.all_of = children("allOf");
    }

    fn reference(&mut self, schema: &mut Schema, document: &str, reference: &str) {
        let (uri, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let Some(target) = self.documents.find(document, uri) else {
            schema.unread = Some(format!("`{reference}` is not a local file"));
            return;
        };
        let fragment = percent_decode(fragment);
        let pointer = if fragment.is_empty() || fragment.starts_with('/') {
            Some(fragment)
        } else {
            let root = self.documents.get(&target);
            root.and_then(|root| find_anchor(root, &fragment))
        };
        match pointer {
            Some(pointer) => {
                let last = pointer.rsplit('/').next().filter(|name| !name.is_empty());
                let stem = target.rsplit('/').next().unwrap_or_default();
                let hint = last
                    .unwrap_or_else(|| stem.split('.').next().unwrap_or(stem))
                    .to_owned();
                schema.reference = Some(self.id(&target, &pointer, &hint));
            }
            None => schema.unread = Some(format!("there is no anchor `{reference}`")),
        }
    }
}

/// The keywords that hold no schema.
fn describe(schema: &mut Schema, object: &Map<String, Value>) {
    let text = |key: &str| object.get(key).and_then(Value::as_str).map(str::to_owned);
    schema.title = text("title");
    schema.description = text("description");
    schema.deprecated = object.get("deprecated") == Some(&Value::Bool(true));
    schema.default = object.get("default").cloned();
    schema.scalar = text("x-carml-type");
    schema.minimum = object.get("minimum").and_then(Value::as_f64);
    schema.types = match object.get("type") {
        Some(Value::String(name)) => kind(name).into_iter().collect(),
        Some(Value::Array(names)) => names
            .iter()
            .filter_map(Value::as_str)
            .filter_map(kind)
            .collect(),
        _ => BTreeSet::new(),
    };
    schema.values = match (object.get("const"), object.get("enum")) {
        (Some(value), _) => Some(vec![value.clone()]),
        (None, Some(Value::Array(values))) => Some(values.clone()),
        _ => None,
    };
    if let Some(Value::Array(required)) = object.get("required") {
        schema.required = required
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
    }
    schema.rust_type = object.get("x-rust-type").and_then(|value| {
        Some(RustType {
            krate: value.get("crate")?.as_str()?.to_owned(),
            path: value.get("path")?.as_str()?.to_owned(),
        })
    });
}

fn kind(name: &str) -> Option<Kind> {
    Some(match name {
        "null" => Kind::Null,
        "boolean" => Kind::Boolean,
        "integer" => Kind::Integer,
        "number" => Kind::Number,
        "string" => Kind::String,
        "array" => Kind::Array,
        "object" => Kind::Object,
        _ => return None,
    })
}

/// RFC 6901.
fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let decoded = match (first, tail) {
            (b'%', [high, low, ..]) => std::str::from_utf8(&[*high, *low])
                .ok()
                .and_then(|pair| u8::from_str_radix(pair, 16).ok()),
            _ => None,
        };
        bytes.push(decoded.unwrap_or(*first));
        rest = if decoded.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The pointer of `$anchor`, `$dynamicAnchor` or the older `$id: "#name"`.
fn find_anchor(root: &Value, name: &str) -> Option<String> {
    let mut pending = vec![(root, String::new())];
    while let Some((value, pointer)) = pending.pop() {
        match value {
            Value::Object(object) => {
                let is =
                    |key: &str, text: &str| object.get(key).and_then(Value::as_str) == Some(text);
                let fragment = format!("#{name}");
                if is("$anchor", name)
                    || is("$dynamicAnchor", name)
                    || is("$id", &fragment)
                    || is("id", &fragment)
                {
                    return Some(pointer);
                }
                let children = object.iter();
                pending.extend(
                    children.map(|(key, value)| (value, format!("{pointer}/{}", escape(key)))),
                );
            }
            Value::Array(items) => {
                let children = items.iter().enumerate();
                pending
                    .extend(children.map(|(index, value)| (value, format!("{pointer}/{index}"))));
            }
            _ => {}
        }
    }
    None
}

/// The name of one item of a list: `endpoints` → `endpoint`.
fn singular(plural: &str) -> String {
    match plural {
        _ if plural.ends_with("ss") => format!("{plural}_item"),
        _ if plural.ends_with("ies") => format!("{}y", &plural[..plural.len() - 3]),
        _ if plural.ends_with('s') && plural.len() > 2 => plural[..plural.len() - 1].to_owned(),
        _ => format!("{plural}_item"),
    }
}
