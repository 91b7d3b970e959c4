//! What a config may hold.

mod extend;

use std::{
    collections::HashSet,
    path::Path,
    sync::{Arc, OnceLock},
};

use carml_diagnostic::{Diagnostic, Format, Kind, Public, RawReport, Report, Source};
use carml_schema::{Applicable, Documents, Node, SchemaIndex, SchemaValidator};
use jsonschema::ValidationError;
use serde_json::Value;

use crate::chain::Side;

/// A config's root type, with the schema that it was generated from.
pub trait Root: serde::de::DeserializeOwned {
    /// The schema: self-contained JSON.
    const SCHEMA: &'static str;
}

/// A section of a config, described by a Rust type.
///
/// ```
/// use carml_config::{Loader, Schema, Section};
/// use carml_diagnostic::{Format, Source};
///
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// struct Greeting {
///     hello: String,
/// }
///
/// impl Section for Greeting {
///     const NAME: &'static str = "greeting";
/// }
///
/// let schema = Schema::base()?.with_section::<Greeting>()?;
/// let text = "greeting:\n  hello: Bonjour\n";
/// let loader = Loader::new(schema).source(Source::new("carml.yml", text, Format::Yaml));
/// let greeting: Greeting = loader.load()?.section()?;
/// assert_eq!(greeting.hello, "Bonjour");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Section: serde::de::DeserializeOwned + schemars::JsonSchema {
    /// The section's key.
    const NAME: &'static str;
}

/// The config of a service without sections of its own.
impl Root for super::Config {
    const SCHEMA: &'static str = include_str!("../../schema/carml.json");
}

/// A compiled JSON Schema. Cheap to clone. Formats are asserted; draft-07 where `$schema` is
/// absent; nothing is fetched.
///
/// ```
/// use carml_config::{Loader, Schema};
/// use carml_diagnostic::{Format, Source};
///
/// let schema = r#"{"properties": {"port": {"type": "integer", "maximum": 65535}}}"#;
/// let schema = Schema::parse("service.json", schema)?;
/// let source = Source::new("service.yml", "port: 99999", Format::Yaml);
/// let report = Loader::new(schema).source(source).load().unwrap_err().to_string();
/// assert!(report.contains("service.yml:1:7"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Schema(Arc<Inner>);

struct Inner {
    name: String,
    /// As it was given, without what was added to its documents.
    root: Value,
    documents: Documents,
    added: Added,
    validator: SchemaValidator,
    /// Whether a document may ask for its defaults to be filled in.
    fills: bool,
    index: OnceLock<SchemaIndex>,
}

/// What reports call CarML's own schema.
const BASE_NAME: &str = "carml.json";

/// What a program added to the schema that it was generated from.
#[derive(Clone, Default)]
struct Added {
    sections: Vec<&'static str>,
    /// Names, and what the `oneOf` of the side's list has of them.
    middlewares: Vec<(Side, &'static str, Value)>,
    /// The documents of the middlewares' options.
    documents: Vec<(String, Value)>,
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
    /// Never fails for a released crate.
    pub fn base() -> Result<Schema, Report> {
        Schema::parse(BASE_NAME, super::Config::SCHEMA)
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

    /// A schema from a source. References lead to `siblings` by their names, as if they were files
    /// in one folder, and by `$id`.
    ///
    /// # Errors
    ///
    /// If the source is not JSON or YAML, or not a schema.
    pub fn from_source(source: &Source, siblings: &[(String, Value)]) -> Result<Schema, Report> {
        let root = carml_schema::read(source).map_err(public)?;
        let documents = Documents::given(source.name(), root.clone(), siblings);
        Self::of_documents(source, root, documents)
    }

    /// A schema from a file, with the files that it refers to: those that its relative references
    /// name, and of other addresses those beside it, by their `$id` or their name.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or is not a schema.
    pub fn open(path: &Path) -> Result<Schema, Report> {
        let source = Source::open(path).map_err(public)?;
        let root = carml_schema::read(&source).map_err(public)?;
        let documents = Documents::of_file(path, root.clone());
        Self::of_documents(&source, root, documents)
    }

    fn of_documents(
        source: &Source,
        root: Value,
        documents: Result<Documents, carml_schema::ReferenceError>,
    ) -> Result<Schema, Report> {
        let documents = documents.map_err(|error| not_usable(source.name(), &error, ""));
        let built = documents
            .and_then(|documents| Self::build(source.name(), root, documents, Added::default()));
        built.map_err(|error| public(carml_schema::locate_error(*error, source)))
    }

    /// The same schema with another root and more added.
    fn rebuild(&self, root: Value, added: Added) -> Result<Schema, Report> {
        let add = |document: &mut Value| {
            for side in Side::ALL {
                let of_side = added.middlewares.iter().filter(|one| one.0 == side);
                let alternatives: Vec<Value> = of_side.map(|(.., new)| new.clone()).collect();
                carml_schema::extend::add_middlewares(document, side.name(), &alternatives);
            }
        };
        let edit: Option<&dyn Fn(&mut Value)> = match added.middlewares.is_empty() {
            true => None,
            false => Some(&add),
        };
        let documents = self.0.documents.with(root.clone(), &added.documents, edit);
        let name = &self.0.name;
        let documents = documents.map_err(|error| not_usable(name, &error, ""));
        documents
            .and_then(|documents| Self::build(name, root, documents, added))
            .map_err(|fault| public(*fault))
    }

    fn build(
        name: &str,
        root: Value,
        documents: Documents,
        added: Added,
    ) -> Result<Schema, Box<Diagnostic>> {
        if documents.is_too_complex() {
            let name = name.to_owned();
            let help = "its references and alternatives multiply: use each of them once";
            return Err(Box::new(
                Diagnostic::new(Kind::SchemaBomb { name }).help(help),
            ));
        }
        let options = || jsonschema::options().should_validate_formats(true);
        let validator = documents
            .validator(options)
            .map_err(|error| not_usable(name, &error, &error.pointer))?;
        Ok(Schema(Arc::new(Inner {
            fills: documents.fills_defaults(),
            name: name.to_owned(),
            root,
            documents,
            added,
            validator,
            index: OnceLock::new(),
        })))
    }

    /// The schema as it was given.
    pub fn value(&self) -> &Value {
        &self.0.root
    }

    /// The schema with every document that it refers to inside, all references local: what an
    /// editor needs for completion. A secret's `KEY_file` may replace its `KEY`.
    pub fn bundled(&self) -> Value {
        self.0.documents.bundle()
    }

    /// What a report calls the schema: its file, or its type.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Whether this is CarML's own schema, or extends it: then variables are replaced and CarML's
    /// rules apply.
    pub fn is_carml(&self) -> bool {
        self.root().is_carml() || self.top().iter().any(|part| part.node.is_own())
    }

    /// Whether this is CarML's own schema, without sections of a service.
    pub(crate) fn is_base(&self) -> bool {
        self.name() == BASE_NAME && self.0.added.sections.is_empty()
    }

    /// Every string that the schema gives as a value.
    pub(crate) fn literals(&self) -> HashSet<&str> {
        self.0.documents.literals()
    }

    pub(crate) fn documents(&self) -> &Documents {
        &self.0.documents
    }

    pub(crate) fn validator(&self) -> &SchemaValidator {
        &self.0.validator
    }

    pub(crate) fn fills(&self) -> bool {
        self.0.fills
    }

    /// The schema with the keyword that raised an error of the validator.
    pub(crate) fn owner(&self, error: &ValidationError<'_>) -> Option<Node<'_>> {
        self.0.documents.owner(&self.0.validator, error)
    }

    /// The value of the keyword that an error is of, where that is a schema.
    pub(crate) fn keyword(&self, error: &ValidationError<'_>) -> Option<Node<'_>> {
        self.0.documents.keyword(&self.0.validator, error)
    }

    pub(crate) fn shapes(&self) -> &SchemaIndex {
        self.0
            .index
            .get_or_init(|| SchemaIndex::of(&self.0.documents, false))
    }

    /// The whole document.
    pub(crate) fn root(&self) -> Node<'_> {
        self.0.documents.root()
    }

    /// Every schema that applies to the whole document.
    pub(crate) fn top(&self) -> Vec<Applicable<'_>> {
        self.0.documents.top()
    }

    /// Every schema that applies to the value at a pointer.
    pub(crate) fn at(&self, pointer: &str) -> Vec<Applicable<'_>> {
        self.0.documents.at(pointer)
    }
}

/// The report on a schema, which holds no secrets.
fn public(found: impl Into<RawReport>) -> Report {
    found.into().redact(&Public)
}

fn not_usable(name: &str, error: &dyn std::fmt::Display, pointer: &str) -> Box<Diagnostic> {
    Box::new(carml_schema::not_a_schema(name, pointer, error))
}
