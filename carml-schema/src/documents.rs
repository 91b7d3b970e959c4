//! Schema documents: the file asked for, its siblings, and CarML's own.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use carml_diagnostic::{Format, MAX_BYTES, Source};
use serde_json::{Map, Value};

use crate::{Error, metaschema, own, subschemas::walk, uri::join};

/// Documents by name: the file name of a local one, the whole `$id` of CarML's own.
#[derive(Default)]
pub(crate) struct Documents {
    directory: PathBuf,
    loaded: BTreeMap<String, Value>,
    /// Schemas with an `$id` of their own, by that URI.
    resources: BTreeMap<String, Target>,
    pub(crate) files: Vec<PathBuf>,
}

/// A place in a loaded document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) document: String,
    pub(crate) pointer: String,
}

impl Documents {
    /// Loads the file asked for and checks that it is a schema.
    pub(crate) fn open(file: &Path) -> Result<(Self, String), Error> {
        let document = read(file)?;
        if let Err((pointer, message)) = metaschema::check(&document) {
            let (line, column) = position(file, &pointer);
            return Err(Error::NotASchema {
                file: file.to_owned(),
                line,
                column,
                pointer,
                message,
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
        documents.insert(name.clone(), document);
        Ok((documents, name))
    }

    /// CarML's base config was reached.
    pub(crate) fn extend_base(&self) -> bool {
        self.loaded
            .contains_key(&format!("{}base.json", own::PREFIX))
    }

    /// The document asked for with its siblings in `$defs`, each under its `$id`: what a validator
    /// needs and has no files for. CarML's own are left out, the runtime has them.
    pub(crate) fn bundle(&self, root: &str) -> Value {
        let mut bundle = self.loaded.get(root).cloned().unwrap_or_default();
        for (name, document) in &self.loaded {
            if name == root || name.starts_with(own::PREFIX) {
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

    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.loaded.get(name)
    }

    pub(crate) fn value(&self, target: &Target) -> Option<&Value> {
        self.get(&target.document)?.pointer(&target.pointer)
    }

    /// Where a dynamic reference leads whose first target is given: to the same anchor of the
    /// document asked for, which every way begins with; `None` if other schemas have it too.
    pub(crate) fn outermost(&self, root: &str, first: Target, anchor: &str) -> Option<Target> {
        let is = |schema: &Map<String, Value>| match anchor {
            "" => schema.get("$recursiveAnchor") == Some(&Value::Bool(true)),
            name => schema.get("$dynamicAnchor").and_then(Value::as_str) == Some(name),
        };
        let dynamic = self.value(&first).and_then(Value::as_object);
        if !dynamic.is_some_and(is) {
            return Some(first);
        }
        let mut all = Vec::new();
        let mut outermost = None;
        for (name, document) in &self.loaded {
            walk(document, name == root, |schema, pointer, own| {
                let own = own && (pointer.is_empty() || !schema.contains_key("$id"));
                if is(schema) {
                    let target = Target {
                        document: name.clone(),
                        pointer: pointer.to_owned(),
                    };
                    if own {
                        outermost.get_or_insert_with(|| target.clone());
                    }
                    all.push(target);
                }
                Some(own)
            });
        }
        outermost.or_else(|| (all.len() == 1).then_some(first))
    }

    /// Defaults of this document are filled in.
    pub(crate) fn fills_defaults(&self, name: &str) -> bool {
        let document = self.loaded.get(name);
        let fills = document.and_then(|root| root.get("x-carml-defaults"));
        fills.and_then(Value::as_str) == Some("fill")
    }

    /// Up to draft 7, which also stands for a document that names no draft, what is beside a
    /// `$ref` does not count.
    pub(crate) fn reference_stands_alone(&self, name: &str) -> bool {
        let document = self.loaded.get(name);
        stands_alone(document.and_then(|root| root.get("$schema")?.as_str()))
    }

    fn insert(&mut self, name: String, document: Value) {
        let draft = document.get("$schema").and_then(Value::as_str);
        let id_keyword = match draft {
            Some(draft) if draft.contains("draft-04") || draft.contains("draft-03") => "id",
            _ => "$id",
        };
        let alone = stands_alone(draft);
        walk(&document, name.clone(), |schema, pointer, base| {
            let id = schema.get(id_keyword).and_then(Value::as_str);
            let beside = alone && schema.contains_key("$ref");
            let Some(id) = id.filter(|id| !id.starts_with('#') && !beside) else {
                return Some(base);
            };
            let base = join(&base, id.trim_end_matches('#'));
            let target = Target {
                document: name.clone(),
                pointer: pointer.to_owned(),
            };
            self.resources.entry(base.clone()).or_insert(target);
            Some(base)
        });
        self.loaded.insert(name, document);
    }

    /// The innermost schema with an `$id` around a place, and its URI.
    fn resource(&self, document: &str, pointer: &str) -> (Target, String) {
        let around = self.resources.iter().filter(|(_, target)| {
            target.document == document
                && pointer
                    .strip_prefix(&target.pointer)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        let innermost = around.max_by_key(|(_, target)| target.pointer.len());
        match innermost {
            Some((uri, target)) => (target.clone(), uri.clone()),
            None => (
                Target {
                    document: document.to_owned(),
                    pointer: String::new(),
                },
                document.to_owned(),
            ),
        }
    }

    /// Where a URI leads from a place, if it can be had without fetching: to a schema with that
    /// `$id`, to CarML's own, to a draft's metaschema, or to a sibling whose file name is the URI's last part.
    pub(crate) fn find(&mut self, document: &str, pointer: &str, uri: &str) -> Option<Target> {
        let (here, base) = self.resource(document, pointer);
        if uri.is_empty() {
            return Some(here);
        }
        let absolute = join(&base, uri);
        if let Some(target) = self.resources.get(&absolute) {
            return Some(target.clone());
        }
        let name = match absolute.starts_with(own::PREFIX) {
            true => {
                let text = own::text(&absolute)?;
                if !self.loaded.contains_key(&absolute) {
                    self.insert(absolute.clone(), serde_json::from_str(text).ok()?);
                }
                absolute
            }
            false => match metaschema::document(&absolute) {
                Some(document) => {
                    self.insert(absolute.clone(), document);
                    absolute
                }
                None => self.sibling(absolute.rsplit('/').next()?)?,
            },
        };
        Some(Target {
            document: name,
            pointer: String::new(),
        })
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
                self.insert(name.clone(), document);
                return Some(name);
            }
        }
        None
    }
}

/// What is beside a `$ref` does not count, by the draft that a document names.
fn stands_alone(draft: Option<&str>) -> bool {
    draft.is_none_or(|draft| {
        let old = ["draft-03", "draft-04", "draft-05", "draft-06", "draft-07"];
        old.iter().any(|old| draft.contains(old))
    })
}

/// Where a value stands in a file.
fn position(file: &Path, pointer: &str) -> (usize, usize) {
    let text = fs::read_to_string(file).unwrap_or_default();
    let source = Source::new(file.display().to_string(), text, Format::Json);
    source.locate(pointer).map_or((1, 1), |located| {
        let position = source.position(located.value.start);
        (position.line, position.column)
    })
}

fn read(file: &Path) -> Result<Value, Error> {
    let text = text_of(file).map_err(|error| Error::Read(file.to_owned(), error))?;
    if text.len() > MAX_BYTES {
        return Err(Error::TooLarge(file.to_owned()));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    serde_json::from_str(text).map_err(|error| Error::Syntax(file.to_owned(), error))
}

/// The text of a file, or the start of one that is too large. What has no end, such as a pipe, is
/// not read at all.
fn text_of(file: &Path) -> io::Result<String> {
    if !fs::metadata(file)?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut text = Vec::new();
    let limit = MAX_BYTES as u64 + 1;
    fs::File::open(file)?.take(limit).read_to_end(&mut text)?;
    String::from_utf8(text).map_err(io::Error::other)
}
