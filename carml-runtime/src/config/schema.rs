//! What a config may hold.

use carml_diagnostic::{Fault, Report, Source};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;

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

const BASE: [(&str, &str); 10] = [
    ("app.json", include_str!("../../schema/app.json")),
    ("base.json", include_str!("../../schema/base.json")),
    ("carml.json", include_str!("../../schema/carml.json")),
    ("download.json", include_str!("../../schema/download.json")),
    ("grpc.json", include_str!("../../schema/grpc.json")),
    ("health.json", include_str!("../../schema/health.json")),
    ("logger.json", include_str!("../../schema/logger.json")),
    ("registry.json", include_str!("../../schema/registry.json")),
    ("store.json", include_str!("../../schema/store.json")),
    ("tracer.json", include_str!("../../schema/tracer.json")),
];
const TYPES: (&str, &str) = ("types.json", include_str!("../../schema/types.json"));

type Documents = HashMap<String, Value>;

/// A compiled JSON Schema. Cheap to clone. Formats are asserted; draft-07 where `$schema` is absent; nothing is fetched.
#[derive(Clone)]
pub struct Schema(Arc<Inner>);

struct Inner {
    name: String,
    root: Value,
    documents: Documents,
    validator: jsonschema::Validator,
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
        Schema::of::<super::Config>()
    }

    /// The schema of a generated root type.
    ///
    /// # Errors
    /// If [`Root::SCHEMA`] is not a schema.
    pub fn of<C: Root>() -> Result<Schema, Report> {
        Schema::parse(std::any::type_name::<C>(), C::SCHEMA)
    }

    /// A schema from a text.
    ///
    /// # Errors
    /// If the text is not JSON or YAML, or not a schema.
    pub fn parse(name: &str, text: &str) -> Result<Schema, Report> {
        Schema::from_source(
            &Source::new(name, text, carml_diagnostic::Format::of(name.as_ref())),
            &[],
        )
    }

    /// A schema from a source. References resolve to `siblings` by `$id` or by the last segment of their path.
    ///
    /// # Errors
    /// If the source is not JSON or YAML, or not a schema.
    pub fn from_source(source: &Source, siblings: &[(String, Value)]) -> Result<Schema, Report> {
        Schema::build(source.name(), source.read()?, siblings)
    }

    /// The same schema with a section more.
    ///
    /// # Errors
    /// If the section's schema does not fit.
    pub fn with_section<S: Section>(&self) -> Result<Schema, Report> {
        let mut root = self.0.root.clone();
        if let Some(object) = root.as_object_mut() {
            let properties = object
                .entry("properties")
                .or_insert_with(|| Value::Object(serde_json::Map::new()));
            let mut section = schemars::schema_for!(S).to_value();
            if let Some(section) = section.as_object_mut() {
                section
                    .entry("$id")
                    .or_insert_with(|| format!("carml://section/{}.json", S::NAME).into());
            }
            if let Some(properties) = properties.as_object_mut() {
                properties.insert(S::NAME.to_owned(), section);
            }
        }
        let siblings: Vec<(String, Value)> = self.0.documents.clone().into_iter().collect();
        Schema::build(&self.0.name, root, &siblings)
    }

    fn build(name: &str, root: Value, siblings: &[(String, Value)]) -> Result<Schema, Report> {
        let mut documents = Documents::new();
        for (file, text) in BASE.iter().chain([&TYPES]) {
            if let Ok(value) = serde_json::from_str::<Value>(text) {
                documents.insert(format!("carml://schema/{file}"), value);
            }
        }
        for (file, value) in siblings {
            documents.insert(file.clone(), value.clone());
            if let Some(id) = id(value) {
                documents.insert(id.to_owned(), value.clone());
            }
        }
        let mut options = jsonschema::options()
            .should_validate_formats(true)
            .with_retriever(Local(documents.clone()));
        if root.get("$schema").is_none() {
            options = options.with_draft(jsonschema::Draft::Draft7);
        }
        let validator = options.build(&root).map_err(|e| {
            Report::from(
                Fault::error(
                    "not-a-schema",
                    format!("{name}: this is not a usable schema: {e}"),
                )
                .pointer(e.instance_path().as_str())
                .help("mend the schema; references resolve to files beside it, nothing is fetched"),
            )
        })?;
        Ok(Schema(Arc::new(Inner {
            name: name.to_owned(),
            root,
            documents,
            validator,
        })))
    }

    /// The schema as it was given.
    pub fn value(&self) -> &Value {
        &self.0.root
    }

    pub(super) fn validator(&self) -> &jsonschema::Validator {
        &self.0.validator
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
        let (file, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let document = if file.is_empty() || id(&self.0.root) == Some(file) && fragment.is_empty() {
            if file.is_empty() {
                from.document
            } else {
                &self.0.root
            }
        } else {
            find(&self.0.documents, file)
                .or_else(|| (id(&self.0.root) == Some(file)).then_some(&self.0.root))?
        };
        let value = if fragment.is_empty() {
            document
        } else {
            document.pointer(fragment)?
        };
        Some(Node { document, value })
    }
}

/// A part of a schema, and the document that it stands in.
#[derive(Clone, Copy)]
pub(super) struct Node<'a> {
    pub(super) document: &'a Value,
    pub(super) value: &'a Value,
}

struct Local(Documents);

impl jsonschema::Retrieve for Local {
    fn retrieve(
        &self,
        uri: &jsonschema::Uri<String>,
    ) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        find(&self.0, uri.as_str())
            .cloned()
            .ok_or_else(|| format!("`{uri}` is not among the files beside the schema").into())
    }
}

fn find<'a>(documents: &'a Documents, uri: &str) -> Option<&'a Value> {
    let uri = uri.trim_end_matches('#');
    let last = |u: &str| u.rsplit('/').next().unwrap_or_default().to_owned();
    documents
        .get(uri)
        .or_else(|| documents.get(&last(uri)))
        .or_else(|| documents.get(&format!("{}.json", last(uri))))
        .or_else(|| documents.get(&format!("carml://schema/{}", last(uri))))
}

fn id(value: &Value) -> Option<&str> {
    let id = value.get("$id").or_else(|| value.get("id"))?.as_str()?;
    Some(id.trim_end_matches('#'))
}
