//! Reads documents into the graph: references become edges, the drafts' differences end here.

mod keywords;
mod names;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use serde_json::{Map, Value};

use crate::{
    Error,
    anchor::find_anchor,
    documents::Documents,
    graph::{Graph, Schema, SchemaId},
    uri::percent_decode,
};

/// A schema as a graph, and what was read for it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Parsed {
    /// Every schema that the root reaches.
    pub graph: Graph,
    /// The schema of the whole document.
    pub root: SchemaId,
    /// The files that were read, sorted.
    pub files: Vec<PathBuf>,
    /// Whether the schema extends CarML's base config.
    pub extends_base: bool,
    /// The schema with the local files that it refers to in its `$defs`.
    pub bundle: Value,
}

/// Reads a schema file and the local files that it refers to. Nothing is fetched.
///
/// # Errors
///
/// The file cannot be read, or it is not a JSON Schema.
pub fn parse(file: &Path) -> Result<Parsed, Error> {
    let (documents, name) = Documents::open(file)?;
    let mut reader = Reader {
        documents,
        root: name.clone(),
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
    Ok(Parsed {
        extends_base,
        bundle,
        graph: reader.graph,
        root,
        files,
    })
}

struct Reader {
    documents: Documents,
    /// The document asked for.
    root: String,
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
        let id = self.graph.add(Schema {
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
        let mut schema = self.graph.get(id).clone();
        let unread = match found.cloned() {
            Some(Value::Object(object)) => {
                self.object(&mut schema, document, pointer, &object);
                None
            }
            Some(Value::Bool(true)) => None,
            Some(Value::Bool(false)) => {
                schema.rules.is_false = true;
                None
            }
            Some(_) => Some("this is not a schema"),
            None => Some("there is nothing at this reference"),
        };
        if let Some(reason) = unread {
            schema.rules.unsupported = Some(reason.to_owned());
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
        keywords::annotations(schema, object);
        schema.fill = self.documents.fills_defaults(document);
        if object.get("$ref").is_some_and(Value::is_string)
            && self.documents.reference_stands_alone(document)
        {
            self.reference(schema, document, pointer, ("$ref", &object["$ref"]));
            return;
        }
        for keyword in ["$ref", "$dynamicRef", "$recursiveRef"] {
            if let Some(reference) = object.get(keyword) {
                self.reference(schema, document, pointer, (keyword, reference));
            }
        }
        keywords::rules(&mut schema.rules, object);
        let hint = schema.hint.clone();
        let mut children = keywords::Children {
            object,
            hint: &hint,
            id: |path: &str, hint: &str| self.id(document, &format!("{pointer}/{path}"), hint),
        };
        children.applicators(&mut schema.rules);
        schema.all_of = children.list("allOf");
    }

    fn reference(
        &mut self,
        schema: &mut Schema,
        document: &str,
        pointer: &str,
        (keyword, reference): (&str, &Value),
    ) {
        let Some(reference) = reference.as_str() else {
            schema.rules.unsupported = Some("a reference is a string".to_owned());
            return;
        };
        let (uri, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let Some(mut target) = self.documents.find(document, pointer, uri) else {
            schema.rules.unsupported = Some(format!("`{reference}` is not a local file"));
            return;
        };
        let fragment = percent_decode(fragment);
        if fragment.is_empty() || fragment.starts_with('/') {
            target.pointer.push_str(&fragment);
        } else {
            let resource = self.documents.value(&target);
            match resource.and_then(|resource| find_anchor(resource, &fragment)) {
                Some(pointer) => target.pointer.push_str(&pointer),
                None => {
                    schema.rules.unsupported = Some(format!("there is no anchor `{reference}`"));
                    return;
                }
            }
        }
        if keyword != "$ref" {
            match self.documents.outermost(&self.root, target, &fragment) {
                Some(outermost) => target = outermost,
                None => {
                    let reason = format!("what `{reference}` means depends on the way to it");
                    schema.rules.unsupported = Some(reason);
                    return;
                }
            }
        }
        let stem = target.document.rsplit('/').next().unwrap_or_default();
        let mut path = target.pointer.rsplit('/');
        let hint = match (path.next().unwrap_or_default(), path.next()) {
            ("", _) => stem.split('.').next().unwrap_or(stem).to_owned(),
            (name, Some("definitions" | "$defs" | "properties")) => name.to_owned(),
            // A place inside of a definition is called after what refers to it.
            _ => schema.hint.clone(),
        };
        schema.reference = Some(self.id(&target.document, &target.pointer, &hint));
    }
}
