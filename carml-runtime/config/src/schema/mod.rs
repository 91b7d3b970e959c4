//! What a config may hold.

mod bundle;
mod documents;
mod middleware;
mod open;
mod pattern;
mod section;
mod shape;
mod walk;
mod work;

pub(super) use shape::{Marked, Marks, Shapes};
pub(super) use walk::{Node, Part, child, item, keys};

use carml_diagnostic::{Code, Diagnostic, Format, Report, Source};
use documents::Documents;
use jsonschema::Draft;
use serde_json::Value;
use std::sync::{Arc, OnceLock};

/// A config's root type, with the schema that it was generated from.
pub trait Root: serde::de::DeserializeOwned {
    /// The schema: self-contained JSON.
    const SCHEMA: &'static str;
}

/// A section of a config, described by a Rust type.
pub trait Section: serde::de::DeserializeOwned + schemars::JsonSchema {
    /// The section's key.
    const NAME: &'static str;
}

/// The config of a service without sections of its own.
impl Root for super::Config {
    const SCHEMA: &'static str = include_str!("../../schema/carml.json");
}

/// A compiled JSON Schema. Cheap to clone. Formats are asserted; draft-07 where `$schema` is absent; nothing is fetched.
#[derive(Clone)]
pub struct Schema(Arc<Inner>);

struct Inner {
    name: String,
    root: Value,
    documents: Documents,
    added: Added,
    validator: jsonschema::Validator,
    /// Whether a document may ask for its defaults to be filled in.
    fills: bool,
    shapes: OnceLock<Shapes>,
}

/// What a program joined to the schema that it was generated from.
#[derive(Clone, Default)]
struct Added {
    sections: Vec<&'static str>,
    /// Names, and what the list's `oneOf` has of them.
    middlewares: Vec<(&'static str, Value)>,
}

impl std::fmt::Debug for Schema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Schema").field(&self.0.name).finish()
    }
}

impl Schema {
    /// The schema of a service without sections of its own.
    ///
    /// # Errors
    /// None for a crate that is whole.
    pub fn base() -> Result<Schema, Report> {
        Schema::parse("carml.json", super::Config::SCHEMA)
    }

    /// The schema of a generated root type.
    ///
    /// # Errors
    /// If [`Root::SCHEMA`] is not a schema.
    pub fn of<C: Root>() -> Result<Schema, Report> {
        let name = std::any::type_name::<C>();
        Schema::from_source(&Source::new(name, C::SCHEMA, Format::Json), &[])
    }

    /// A schema from a text.
    ///
    /// # Errors
    /// If the text is not JSON or YAML, or not a schema.
    pub fn parse(name: &str, text: &str) -> Result<Schema, Report> {
        Schema::from_source(&Source::new(name, text, Format::of(name.as_ref())), &[])
    }

    /// A schema from a source. References resolve to `siblings` by `$id` or by the last segment of their path.
    ///
    /// # Errors
    /// If the source is not JSON or YAML, or not a schema.
    pub fn from_source(source: &Source, siblings: &[(String, Value)]) -> Result<Schema, Report> {
        Schema::build(source.name(), source.read()?, siblings, Added::default()).map_err(|fault| {
            let pointer = fault.pointer.clone().unwrap_or_default();
            match source.locate(&pointer) {
                Some(place) => fault.at(source, place.value).into(),
                None => Report::from(*fault),
            }
        })
    }

    fn build(
        name: &str,
        root: Value,
        siblings: &[(String, Value)],
        added: Added,
    ) -> Result<Schema, Box<Diagnostic>> {
        let mut root = root;
        let mut documents = Documents::new(siblings);
        if !added.middlewares.is_empty() {
            middleware::add(&mut root, &added.middlewares);
            documents.edit(|document| middleware::add(document, &added.middlewares));
        }
        if work::is_endless(&root, &documents) {
            let message = format!("{name}: checking against this schema would take for ever");
            let help =
                "it combines references of references so often that they multiply: name each once";
            return Err(Box::new(
                Diagnostic::error(Code::SchemaBomb, message).help(help),
            ));
        }
        let mut validator = validator(&root, &documents);
        if validator.is_err() {
            let mut portable = root.clone();
            let mut mended = pattern::mend(&mut portable);
            documents.edit(|document| mended |= pattern::mend(document));
            if mended {
                validator = self::validator(&portable, &documents);
            }
        }
        let validator = validator.map_err(|e| {
            let fault = Diagnostic::error(
                Code::NotASchema,
                format!("{name}: this is not a usable schema: {e}"),
            )
            .pointer(e.instance_path().as_str())
            .help("mend the schema; references resolve to files beside it, nothing is fetched");
            Box::new(fault)
        })?;
        let fills = may_fill(&root) || documents.others().any(|(_, d)| may_fill(d));
        Ok(Schema(Arc::new(Inner {
            fills,
            name: name.to_owned(),
            root,
            documents,
            added,
            validator,
            shapes: OnceLock::new(),
        })))
    }

    /// The schema as it was given.
    pub fn value(&self) -> &Value {
        &self.0.root
    }

    /// What a report calls the schema: its file, or its type.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Whether this is a schema of CarML's own, or extends one: then variables are replaced and CarML's rules hold.
    pub fn is_carml(&self) -> bool {
        self.0.root.get("x-carml-defaults").is_some()
            || self.top().iter().any(|part| {
                let id = part.node.document.get("$id").and_then(Value::as_str);
                id.is_some_and(|id| id.starts_with("carml://schema/"))
            })
    }

    pub(super) fn validator(&self) -> &jsonschema::Validator {
        &self.0.validator
    }

    pub(super) fn fills(&self) -> bool {
        self.0.fills
    }

    pub(super) fn shapes(&self) -> &Shapes {
        self.0.shapes.get_or_init(|| Shapes::of(self, false))
    }

    /// The document at the head of every walk.
    pub(super) fn root(&self) -> Node<'_> {
        Node {
            document: &self.0.root,
            value: &self.0.root,
        }
    }

    /// What a reference names, seen from a node.
    pub(super) fn resolve<'a>(&'a self, from: Node<'a>, reference: &str) -> Option<Node<'a>> {
        self.0.documents.resolve(&self.0.root, from, reference)
    }
}

/// The validator of a document. One that names no draft, or one that is not known, is of draft 7.
fn validator(
    root: &Value,
    documents: &Documents,
) -> Result<jsonschema::Validator, jsonschema::ValidationError<'static>> {
    let named = root.get("$schema").and_then(Value::as_str);
    let drafts = [
        ("draft-04", Draft::Draft4),
        ("draft-06", Draft::Draft6),
        ("2019-09", Draft::Draft201909),
        ("2020-12", Draft::Draft202012),
    ];
    let named = named.and_then(|named| drafts.iter().find(|(draft, _)| named.contains(draft)));
    let options = jsonschema::options()
        .should_validate_formats(true)
        .with_draft(named.map_or(Draft::Draft7, |(_, draft)| *draft))
        .with_retriever(documents.clone());
    options.build(root)
}

/// Whether a document asks for its defaults to be filled in, or refers to CarML's, which do.
fn may_fill(document: &Value) -> bool {
    match document {
        Value::Object(map) => {
            let refers = |value: &Value| value.as_str().is_some_and(|r| r.starts_with("carml://"));
            map.contains_key("x-carml-defaults")
                || map.get("$ref").is_some_and(refers)
                || map.values().any(may_fill)
        }
        Value::Array(list) => list.iter().any(may_fill),
        _ => false,
    }
}
