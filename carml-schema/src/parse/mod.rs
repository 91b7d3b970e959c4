//! Reads documents into the graph: references become edges, the drafts' differences end here.

mod keywords;
mod locate;
mod names;

use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
};

use carml_diagnostic::{RawReport, Source};
use serde_json::{Map, Value};

use self::locate::Locator;
use crate::{
    Documents, Node, error,
    graph::{Graph, Schema, SchemaId},
    keywords::REFERENCES,
    own, pattern, pointer,
    uri::{decode, last_segment},
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
pub fn parse(file: &Path) -> Result<Parsed, RawReport> {
    let documents = Documents::open(file)?;
    let mut reader = Reader {
        documents: &documents,
        locator: Locator::new(&documents),
        graph: Graph::default(),
        known: HashMap::new(),
        pending: Vec::new(),
        meant: HashSet::new(),
        extends_base: false,
    };
    let stem = file
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned());
    let name = documents.documents()[0].name.clone();
    let place = Place {
        document: name,
        pointer: String::new(),
    };
    let root = reader.id(documents.root(), &place, stem.as_deref().unwrap_or("root"));
    // A work list in place of recursion: a deep document cannot overflow the stack here.
    while let Some((id, node, place)) = reader.pending.pop() {
        reader.fill(id, &node, &place);
    }
    if let Some((document, pointer, pattern)) = unreadable_pattern(&documents, &reader.graph) {
        let file = documents
            .file_of(document)
            .map_or_else(|| file.with_file_name(document), Path::to_owned);
        let problem = pattern::not_readable(pattern);
        let name = file.display().to_string();
        let error = error::not_a_schema(&name, &pointer, &problem);
        let source = Source::open(&file)?;
        return Err(error::locate_error(error, &source).into());
    }
    let mut files: Vec<PathBuf> = documents.files().map(Path::to_owned).collect();
    files.sort();
    Ok(Parsed {
        graph: reader.graph,
        root,
        files,
        extends_base: reader.extends_base,
        bundle: documents.bundle_files(),
    })
}

/// The first pattern that no engine reads, in the root or in what it reaches, as validation has it:
/// its document, its JSON pointer, and the pattern.
fn unreadable_pattern<'a>(
    documents: &'a Documents,
    graph: &'a Graph,
) -> Option<(&'a str, String, &'a str)> {
    if let Some((at, pattern)) = pattern::unreadable(documents.root().value) {
        return Some((&documents.documents()[0].name, at, pattern));
    }
    let mut readable = HashSet::new();
    graph.schemas.iter().find_map(|schema| {
        let rules = &schema.rules;
        let own = rules.bounds.patterns.iter().map(|text| (text, "/pattern"));
        let keys = rules.patterns.keys().map(|key| (key, "/patternProperties"));
        let (text, keyword) = own
            .chain(keys)
            .find(|(text, _)| readable.insert(*text) && !pattern::is_readable(text))?;
        let (document, at) = schema.place.split_once('#')?;
        let mut pointer = format!("{at}{keyword}");
        if keyword == "/patternProperties" {
            pointer = pointer::join(&pointer, text);
        }
        Some((document, pointer, text.as_str()))
    })
}

/// A document and the JSON pointer in it.
#[derive(Clone, Debug)]
struct Place {
    document: String,
    pointer: String,
}

struct Reader<'a> {
    documents: &'a Documents,
    locator: Locator<'a>,
    graph: Graph,
    known: HashMap<usize, SchemaId>,
    pending: Vec<(SchemaId, Node<'a>, Place)>,
    /// Schemas whose `const` counts though their draft has none.
    meant: HashSet<usize>,
    extends_base: bool,
}

impl<'a> Reader<'a> {
    fn id(&mut self, node: Node<'a>, place: &Place, hint: &str) -> SchemaId {
        if let Some(id) = self.known.get(&node.key()) {
            return *id;
        }
        let id = self.graph.add(Schema {
            place: format!("{}#{}", place.document, place.pointer),
            hint: hint.to_owned(),
            ..Schema::default()
        });
        self.known.insert(node.key(), id);
        self.pending.push((id, node, place.clone()));
        id
    }

    fn fill(&mut self, id: SchemaId, node: &Node<'a>, place: &Place) {
        let mut schema = self.graph.get(id).clone();
        match node.value {
            Value::Object(object) => self.object(&mut schema, node, place, object),
            Value::Bool(true) => {}
            Value::Bool(false) => schema.rules.is_false = true,
            _ => schema.rules.unsupported = Some("this is not a schema".to_owned()),
        }
        self.graph.schemas[id.0] = schema;
    }

    fn object(
        &mut self,
        schema: &mut Schema,
        node: &Node<'a>,
        place: &Place,
        object: &Map<String, Value>,
    ) {
        keywords::annotations(schema, object);
        schema.fill = node.fills_defaults();
        schema.secret = node.secrecy();
        for keyword in REFERENCES {
            if let Some(reference) = node.rule(keyword) {
                self.reference(schema, node, (keyword, reference));
            }
        }
        keywords::rules(&mut schema.rules, node);
        if self.meant.contains(&node.key()) {
            schema.rules.values = node.note("const").map(|value| vec![value.clone()]);
        }
        self.meant.extend(keywords::meant_constants(node));
        let hint = schema.hint.clone();
        let mut children = keywords::Children {
            node,
            hint: &hint,
            id: |path: &str, value: &'a Value, hint: &str| {
                let below = Place {
                    document: place.document.clone(),
                    pointer: format!("{}/{path}", place.pointer),
                };
                self.id(node.below(value), &below, hint)
            },
        };
        children.applicators(&mut schema.rules);
        schema.all_of = children.list("allOf");
    }

    fn reference(
        &mut self,
        schema: &mut Schema,
        node: &Node<'a>,
        (keyword, reference): (&str, &Value),
    ) {
        let Some(reference) = reference.as_str() else {
            schema.rules.unsupported = Some("expected a string as reference".to_owned());
            return;
        };
        let (uri, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let resource = node
            .resolve(uri)
            .filter(|resource| !self.documents.lacks(resource.address().as_str()));
        let Some(resource) = resource else {
            schema.rules.unsupported = Some(format!("`{reference}` is not a local file"));
            return;
        };
        let Some(mut target) = node.resolve(reference) else {
            let fragment = decode(fragment);
            schema.rules.unsupported = Some(match fragment.starts_with('/') {
                true => crate::uri::points_to_nothing(reference),
                false => format!("there is no anchor `{reference}`"),
            });
            return;
        };
        self.extends_base |= resource.address().as_str() == own::BASE;
        self.locator.reach(&resource);
        if keyword != "$ref" {
            match self.locator.outermost(&target, &decode(fragment)) {
                Some(outermost) => target = outermost,
                None => {
                    let reason =
                        format!("the target of `{reference}` depends on the dynamic scope");
                    schema.rules.unsupported = Some(reason);
                    return;
                }
            }
        }
        let found = self.locator.place(&target, &resource, fragment);
        let stem = last_segment(&found.document);
        let mut path = found.pointer.rsplit('/');
        let hint = match (path.next().unwrap_or_default(), path.next()) {
            ("", _) => stem.split('.').next().unwrap_or(stem).to_owned(),
            (name, Some("definitions" | "$defs" | "properties")) => name.to_owned(),
            // A place inside of a definition is called after what refers to it.
            _ => schema.hint.clone(),
        };
        schema.reference = Some(self.id(target, &found, &hint));
    }
}
