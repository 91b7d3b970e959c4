//! Schema documents: the file asked for, its siblings, and CarML's own.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::Error;

macro_rules! own {
    ($($file:literal),* $(,)?) => {
        &[$(($file, include_str!(concat!("../../schema/", $file)))),*]
    };
}

/// The documents of `carml://schema/`.
const OWN: &[(&str, &str)] = own![
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

const OWN_PREFIX: &str = "carml://schema/";

/// Documents by name: the file name of a local one, the whole `$id` of CarML's own.
#[derive(Default)]
pub(super) struct Documents {
    directory: PathBuf,
    loaded: BTreeMap<String, Value>,
    pub(super) files: Vec<PathBuf>,
}

impl Documents {
    /// Loads the file asked for and checks that it is a schema.
    pub(super) fn open(file: &Path) -> Result<(Self, String), Error> {
        let document = read(file)?;
        if let Err(error) = jsonschema::meta::validate(&document) {
            return Err(Error::NotASchema {
                file: file.to_owned(),
                pointer: error.instance_path().to_string(),
                message: error.to_string(),
            });
        }
        let name = file
            .file_name()
            .map_or_else(Default::default, |name| name.to_string_lossy().into_owned());
        let mut documents = Self {
            directory: file.parent().map(Path::to_owned).unwrap_or_default(),
            ..Self::default()
        };
        documents.files.push(file.to_owned());
        documents.loaded.insert(name.clone(), document);
        Ok((documents, name))
    }

    /// CarML's base config was reached.
    pub(super) fn extend_base(&self) -> bool {
        self.loaded.contains_key(&format!("{OWN_PREFIX}base.json"))
    }

    /// The document asked for with its siblings in `$defs`, each under its `$id`: what a validator
    /// needs and has no files for. CarML's own are left out, the runtime has them.
    pub(super) fn bundle(&self, root: &str) -> Value {
        let mut bundle = self.loaded.get(root).cloned().unwrap_or_default();
        for (name, document) in &self.loaded {
            if name == root || name.starts_with(OWN_PREFIX) {
                continue;
            }
            let mut document = document.clone();
            if let (Some(bundle), Some(sibling)) =
                (bundle.as_object_mut(), document.as_object_mut())
            {
                sibling.entry("$id").or_insert_with(|| name.as_str().into());
                let definitions = bundle
                    .entry("$defs")
                    .or_insert_with(|| Value::Object(Default::default()));
                if let Some(definitions) = definitions.as_object_mut() {
                    definitions.insert(name.clone(), document);
                }
            }
        }
        bundle
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.loaded.get(name)
    }

    /// The name under which the document of a URI is loaded, if it can be had without fetching:
    /// CarML's own, this very document, or a sibling whose file name is the URI's last part.
    pub(super) fn find(&mut self, from: &str, uri: &str) -> Option<String> {
        if uri.is_empty() {
            return Some(from.to_owned());
        }
        let own = match uri.strip_prefix(OWN_PREFIX) {
            Some(file) => Some(file),
            None if from.starts_with(OWN_PREFIX) => Some(uri),
            None => None,
        };
        if let Some(file) = own {
            let (_, text) = OWN.iter().find(|(name, _)| *name == file)?;
            let name = format!("{OWN_PREFIX}{file}");
            if !self.loaded.contains_key(&name) {
                self.loaded
                    .insert(name.clone(), serde_json::from_str(text).ok()?);
            }
            return Some(name);
        }
        let own_id = self
            .loaded
            .get(from)
            .and_then(|document| document.get("$id").or_else(|| document.get("id")));
        if own_id.and_then(Value::as_str) == Some(uri) {
            return Some(from.to_owned());
        }
        self.sibling(uri.rsplit('/').next()?)
    }

    fn sibling(&mut self, last: &str) -> Option<String> {
        let names = [last.to_owned(), format!("{last}.json")];
        for name in names {
            if name.is_empty() || name == ".." {
                continue;
            }
            if self.loaded.contains_key(&name) {
                return Some(name);
            }
            let file = self.directory.join(&name);
            if let Ok(document) = read(&file) {
                self.files.push(file);
                self.loaded.insert(name.clone(), document);
                return Some(name);
            }
        }
        None
    }
}

fn read(file: &Path) -> Result<Value, Error> {
    let text = fs::read_to_string(file).map_err(|error| Error::Read(file.to_owned(), error))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    serde_json::from_str(text).map_err(|error| Error::Syntax(file.to_owned(), error))
}
