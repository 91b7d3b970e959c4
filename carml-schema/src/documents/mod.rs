//! Documents that refer to each other, with every reference resolved by the validator's resolver.

mod bundle;
mod files;
mod sanitize;
mod secret_files;
#[cfg(feature = "validator")]
mod validator;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use carml_diagnostic::{RawReport, Source};
use referencing::{
    Draft, Error as ReferencingError, Registry, RegistryBuilder, Retrieve, Uri, uri as rfc3986,
};
use serde_json::Value;

use crate::{Node, draft, error, keywords, metaschema, own, read, uri};
use files::Files;

/// The address of a root without a file: deep enough for references that lead upwards.
pub(crate) const MEMORY: &str = "carml://memory/-/-/-/-/schema.json";

/// A schema with every document that it reaches, and their references resolved.
///
/// The validator, the typed graph and the explanations all use this one resolver, which is the
/// validator's own. Nothing is fetched: references lead to files, to documents that the program
/// gives, to CarML's own documents and to the metaschemas.
///
/// ```
/// use carml_schema::Documents;
/// use serde_json::json;
///
/// let schema = json!({ "properties": { "port": { "$ref": "types.json#/port" } } });
/// let types = json!({ "port": { "type": "integer", "title": "Port" } });
/// let documents = Documents::given("app.json", schema, &[("types.json".into(), types)]).unwrap();
///
/// let port = documents.at("/port");
/// assert!(port.iter().any(|part| part.node.title() == Some("Port")));
/// ```
pub struct Documents {
    registry: Registry<'static>,
    /// The first is the root.
    documents: Vec<Document>,
    /// Addresses that have no document.
    missing: BTreeSet<String>,
    /// Whether a reference or an `$id` is not a URI.
    #[cfg_attr(not(feature = "validator"), expect(dead_code))]
    sanitized: Option<String>,
    files: Files,
}

/// One document, other than CarML's own and the metaschemas.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub(crate) address: Uri<String>,
    /// Its path relative to the root's folder, else its address.
    pub(crate) name: String,
    pub(crate) file: Option<PathBuf>,
    pub(crate) draft: Draft,
}

/// A document before its references are resolved.
#[derive(Clone, Debug)]
struct Loaded {
    name: String,
    file: Option<PathBuf>,
    value: Value,
}

impl std::fmt::Debug for Documents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.documents.iter().map(|document| &document.name);
        f.debug_list().entries(names).finish()
    }
}

impl Documents {
    /// Reads a schema file, and the files that it refers to.
    ///
    /// What cannot be found is not an error here: see [`Documents::missing`].
    ///
    /// # Errors
    ///
    /// The file cannot be read, or it is not a JSON Schema.
    pub fn open(file: &Path) -> Result<Self, RawReport> {
        let source = Source::open(file)?;
        let value = read::value(&source)?;
        let refuse = |at: &str, problem: &dyn std::fmt::Display| {
            let error = error::not_a_schema(source.name(), at, problem);
            RawReport::from(error::locate_error(error, &source))
        };
        if let Some((pointer, message)) = metaschema::violation(draft::of(&value), &value) {
            return Err(refuse(&pointer, &message));
        }
        Self::of_file(file, value).map_err(|error| refuse("", &error))
    }

    /// The documents of a root that was read from a file.
    ///
    /// # Errors
    ///
    /// What the resolver says of it.
    pub fn of_file(file: &Path, value: Value) -> Result<Self, ReferencingError> {
        let address = uri::of_file(file);
        let mut files = Files::default();
        files.know(&address, file, &value);
        let name = file
            .file_name()
            .map_or_else(Default::default, |name| name.to_string_lossy().into_owned());
        let root = Loaded {
            name,
            file: Some(file.to_owned()),
            value,
        };
        Self::resolve(&address, root, files, None)
    }

    /// The documents of a root and of others that the program has. References lead to them by their
    /// names, as if they were files in one folder, and by their `$id`.
    ///
    /// # Errors
    ///
    /// What the resolver says of it.
    pub fn given(
        name: &str,
        root: Value,
        others: &[(String, Value)],
    ) -> Result<Self, ReferencingError> {
        let mut files = Files::given(others);
        files.know_root(MEMORY, &root);
        let root = Loaded {
            name: name.to_owned(),
            file: None,
            value: root,
        };
        Self::resolve(MEMORY, root, files, None)
    }

    /// The same documents with another root and others given, each one changed: CarML's own too.
    ///
    /// # Errors
    ///
    /// What the resolver says of it.
    pub fn with(
        &self,
        root: Value,
        others: &[(String, Value)],
        edit: Option<&dyn Fn(&mut Value)>,
    ) -> Result<Self, ReferencingError> {
        let first = &self.documents[0];
        let mut files = self.files.clone();
        files.give(others);
        let document = Loaded {
            name: first.name.clone(),
            file: first.file.clone(),
            value: root,
        };
        Self::resolve(first.address.as_str(), document, files, edit)
    }

    fn resolve(
        address: &str,
        mut root: Loaded,
        files: Files,
        edit: Option<&dyn Fn(&mut Value)>,
    ) -> Result<Self, ReferencingError> {
        let finder = Arc::new(Finder {
            state: Mutex::new(Found {
                files,
                ..Found::default()
            }),
        });
        if let Some(edit) = edit {
            edit(&mut root.value);
        }
        let mut loaded = vec![(address.to_owned(), root)];
        let mut sanitized = None;
        let registry = loop {
            match prepare(&loaded, &finder, edit) {
                Ok(registry) => {
                    let new = std::mem::take(&mut finder.state().new);
                    if new.is_empty() {
                        break registry;
                    }
                    loaded.extend(new.into_iter().map(|(address, mut document)| {
                        if sanitized.is_some() {
                            sanitize::sanitize(&mut document.value);
                        }
                        edit.into_iter().for_each(|edit| edit(&mut document.value));
                        (address, document)
                    }));
                }
                Err(error) if sanitized.is_none() => {
                    sanitized = Some(error.to_string());
                    let documents = loaded.iter_mut().map(|(_, document)| document);
                    documents.for_each(|document| sanitize::sanitize(&mut document.value));
                }
                Err(error) => return Err(error),
            }
        };
        let documents = loaded.into_iter().map(|(address, document)| {
            Ok(Document {
                address: rfc3986::from_str(&address)?,
                name: document.name,
                file: document.file,
                draft: draft::of(&document.value),
            })
        });
        let documents = documents.collect::<Result<_, ReferencingError>>()?;
        let found = std::mem::take(&mut *finder.state());
        Ok(Self {
            registry,
            documents,
            missing: found.missing,
            sanitized,
            files: found.files,
        })
    }

    /// The whole root document.
    pub fn root(&self) -> Node<'_> {
        let root = &self.documents[0];
        Node::document(self, &root.address)
            .unwrap_or_else(|| Node::nothing(self, &root.address, root.draft))
    }

    /// What a reference names, seen from the root.
    pub fn find(&self, reference: &str) -> Option<Node<'_>> {
        self.root().resolve(reference)
    }

    /// The addresses that references lead to and that have no document.
    pub fn missing(&self) -> impl Iterator<Item = &str> {
        self.missing.iter().map(String::as_str)
    }

    /// The files that were read.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.documents
            .iter()
            .filter_map(|document| document.file.as_deref())
    }

    /// The file of a document, by its name.
    pub(crate) fn file_of(&self, name: &str) -> Option<&Path> {
        let document = self.documents.iter().find(|document| document.name == name);
        document?.file.as_deref()
    }

    /// The draft of the root.
    pub fn draft(&self) -> Draft {
        self.documents[0].draft
    }

    /// Whether a document that is reached fills in its defaults.
    pub fn fills_defaults(&self) -> bool {
        let own = |node: &Node<'_>| refers_to(node.value, own::PREFIX);
        self.nodes()
            .any(|node| own(&node) || has_annotation(node.value, "x-carml-defaults"))
    }

    /// The roots of the documents, CarML's own and metaschemas left out.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = Node<'_>> {
        let all = self.documents.iter();
        all.filter_map(|document| Node::document(self, &document.address))
    }

    pub(crate) fn documents(&self) -> &[Document] {
        &self.documents
    }

    pub(crate) fn registry(&self) -> &Registry<'static> {
        &self.registry
    }

    /// Whether an address is one of those without a document.
    pub(crate) fn lacks(&self, address: &str) -> bool {
        self.missing.contains(address) || address.starts_with(sanitize::UNRESOLVED)
    }
}

/// CarML's own documents, resolved once per process.
static OWN: LazyLock<Option<Registry<'static>>> =
    LazyLock::new(|| add_own(Registry::new(), None).ok()?.prepare().ok());

/// The same, with every draft's metaschemas.
static OWN_AND_METASCHEMAS: LazyLock<Option<Registry<'static>>> = LazyLock::new(|| {
    let none = std::iter::empty::<(&str, Value)>();
    let builder = referencing::SPECIFICATIONS.extend(none).ok()?;
    add_own(builder, None).ok()?.prepare().ok()
});

fn add_own(
    mut builder: RegistryBuilder<'static>,
    edit: Option<&dyn Fn(&mut Value)>,
) -> Result<RegistryBuilder<'static>, ReferencingError> {
    for (file, text) in own::DOCUMENTS {
        let mut value: Value = serde_json::from_str(text).unwrap_or_default();
        edit.into_iter().for_each(|edit| edit(&mut value));
        let resource = draft::of(&value).create_resource(value);
        builder = builder.add(format!("{}{file}", own::PREFIX), resource)?;
    }
    Ok(builder)
}

/// A registry of the loaded documents; the finder locates the other files that they refer to.
fn prepare(
    loaded: &[(String, Loaded)],
    finder: &Arc<Finder>,
    edit: Option<&dyn Fn(&mut Value)>,
) -> Result<Registry<'static>, ReferencingError> {
    let metaschemas = loaded.iter().any(|(_, document)| {
        refers_to(&document.value, "http://json-schema.org/")
            || refers_to(&document.value, "https://json-schema.org/")
    });
    let none = std::iter::empty::<(&str, Value)>();
    let mut builder = match (edit, metaschemas) {
        (None, false) => OWN
            .as_ref()
            .map_or_else(|| Ok(Registry::new()), |own| own.extend(none))?,
        (None, true) => OWN_AND_METASCHEMAS
            .as_ref()
            .map_or_else(|| Ok(Registry::new()), |own| own.extend(none))?,
        (Some(_), false) => add_own(Registry::new(), edit)?,
        (Some(_), true) => add_own(referencing::SPECIFICATIONS.extend(none)?, edit)?,
    };
    for (address, document) in loaded {
        let draft = draft::of(&document.value);
        builder = builder.add(address, draft.create_resource(document.value.clone()))?;
    }
    let root = loaded
        .first()
        .map_or(Draft::Draft7, |(_, root)| draft::of(&root.value));
    let finder: Arc<dyn Retrieve> = finder.clone();
    builder
        .retriever(finder)
        .draft(root)
        .retrieve_known_draft_meta_schemas(false)
        .prepare()
}

/// Whether a reference in a document begins like this.
fn refers_to(document: &Value, prefix: &str) -> bool {
    match document {
        Value::Object(map) => {
            let refers = |keyword: &&str| {
                let reference = map.get(*keyword).and_then(Value::as_str);
                reference.is_some_and(|reference| reference.starts_with(prefix))
            };
            keywords::REFERENCES.iter().any(refers)
                || map.values().any(|value| refers_to(value, prefix))
        }
        Value::Array(list) => list.iter().any(|value| refers_to(value, prefix)),
        _ => false,
    }
}

/// Whether a document has an annotation anywhere.
fn has_annotation(document: &Value, keyword: &str) -> bool {
    match document {
        Value::Object(map) => {
            map.contains_key(keyword) || map.values().any(|value| has_annotation(value, keyword))
        }
        Value::Array(list) => list.iter().any(|value| has_annotation(value, keyword)),
        _ => false,
    }
}

/// Finds documents while a registry is prepared, and remembers what was asked for.
struct Finder {
    state: Mutex<Found>,
}

#[derive(Default)]
struct Found {
    files: Files,
    new: BTreeMap<String, Loaded>,
    missing: BTreeSet<String>,
}

impl Finder {
    fn state(&self) -> std::sync::MutexGuard<'_, Found> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Retrieve for Finder {
    fn retrieve(
        &self,
        uri: &Uri<String>,
    ) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        let mut state = self.state();
        match state.files.find(uri.as_str()) {
            Some(loaded) => {
                state.new.insert(uri.as_str().to_owned(), loaded);
            }
            None => {
                state.missing.insert(uri.as_str().to_owned());
            }
        }
        // What it refers to is looked at once the document itself is part of the registry.
        Ok(Value::Bool(true))
    }
}
