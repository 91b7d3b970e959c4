//! Which file a reference means.

use std::{
    collections::BTreeMap,
    fs,
    path::{Component, Path, PathBuf},
};

use carml_diagnostic::{Format, Source};
use serde_json::Value;

use super::Loaded;
use crate::{keywords, own, read, uri};

/// How many bytes of the files beside a schema are read in search of an `$id`.
const MAX_SEARCHED: u64 = 64 << 20;

/// Documents that are not CarML's own: those given by name, and files.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files {
    /// Given by the program: by their names and by their own `$id`.
    given: BTreeMap<String, Value>,
    /// Addresses of a root that has no file.
    addresses: Vec<String>,
    /// Addresses of documents that were read, with their files: what a relative reference is
    /// relative to. The root is the first.
    known: Vec<(String, PathBuf)>,
    /// The `$id`s of the files beside the root; `None` until one is asked for.
    ids: Option<Vec<(String, PathBuf)>>,
}

impl Files {
    /// Documents without files.
    pub(crate) fn given(documents: &[(String, Value)]) -> Self {
        let mut given = BTreeMap::new();
        for (name, value) in documents {
            if let Some(id) = keywords::id(value) {
                given.insert(id.to_owned(), value.clone());
            }
            given.insert(name.clone(), value.clone());
        }
        Self {
            given,
            ..Self::default()
        }
    }

    /// Adds documents without files.
    pub(crate) fn give(&mut self, documents: &[(String, Value)]) {
        self.given.extend(Self::given(documents).given);
    }

    /// Names the address of a root that has no file.
    pub(crate) fn know_root(&mut self, address: &str, value: &Value) {
        if let Some(id) = keywords::id(value) {
            self.addresses.push(uri::join(address, id));
        }
        self.addresses.push(address.to_owned());
    }

    /// Names the file of a document, by its address and by its `$id`.
    pub(crate) fn know(&mut self, address: &str, file: &Path, value: &Value) {
        if let Some(id) = keywords::id(value) {
            let id = uri::join(address, id);
            self.known.push((id, file.to_owned()));
        }
        self.known.push((address.to_owned(), file.to_owned()));
    }

    /// The document of an absolute address.
    ///
    /// A relative reference means the file at that path, seen from the file that refers to it. An
    /// address elsewhere means a file beside the root that has it as its `$id`, else one that is
    /// called the same: whole collections are kept in one folder like that.
    pub(crate) fn find(&mut self, address: &str) -> Option<Loaded> {
        if address.starts_with(own::PREFIX) {
            return None;
        }
        if let Some(loaded) = self.find_given(address) {
            return Some(loaded);
        }
        let root = self.known.first()?.1.clone();
        let mut paths = Vec::new();
        let mut near = false;
        for (base, file) in &self.known {
            if let Some(path) = uri::relative(base, address) {
                near = true;
                paths.push(file.with_file_name("").join(path));
            }
        }
        let named = paths.iter().find_map(|path| {
            let with_extension = with_json(path);
            [path.clone(), with_extension]
                .into_iter()
                .find(|path| path.is_file())
        });
        let found = named.or_else(|| self.by_id(&root, address)).or_else(|| {
            // An address that cannot be a path relative to a known document: a file with its last
            // segment as the name, beside the root.
            let last = (!near).then(|| uri::last_segment(address))?;
            let path = root.with_file_name(last);
            [path.clone(), with_json(&path)]
                .into_iter()
                .find(|path| !last.is_empty() && path.is_file())
        })?;
        let value = read::file(&found).ok()?;
        let name = display_name(&root, &found);
        self.know(address, &found, &value);
        Some(Loaded {
            name,
            file: Some(found),
            value,
        })
    }

    /// One that the program gave, by its whole address or by its path relative to the root.
    fn find_given(&self, address: &str) -> Option<Loaded> {
        let mut names = vec![address.to_owned()];
        let bases = self.addresses.iter();
        names.extend(bases.filter_map(|base| uri::relative(base, address)));
        if names.len() == 1 {
            names.push(uri::last_segment(address).to_owned());
        }
        let (name, value) = names.iter().find_map(|name| {
            let with_extension = format!("{name}.json");
            self.given
                .get_key_value(name)
                .or_else(|| self.given.get_key_value(&with_extension))
        })?;
        Some(Loaded {
            name: name.clone(),
            file: None,
            value: value.clone(),
        })
    }

    /// A file beside the root whose `$id` is the address.
    fn by_id(&mut self, root: &Path, address: &str) -> Option<PathBuf> {
        let ids = self.ids.get_or_insert_with(|| beside(root));
        let found = ids.iter().find(|(id, _)| id == address);
        found.map(|(_, file)| file.clone())
    }
}

/// `types` may be `types.json`.
fn with_json(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".json");
    path.with_file_name(name)
}

/// A file's path relative to the root's folder, as references write it.
fn display_name(root: &Path, file: &Path) -> String {
    let folder = root.parent().unwrap_or(Path::new(""));
    let path = file.strip_prefix(folder).unwrap_or(file);
    let mut parts: Vec<String> = Vec::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if parts.last().is_some_and(|part| part != "..") => {
                parts.pop();
            }
            part => parts.push(part.as_os_str().to_string_lossy().into_owned()),
        }
    }
    parts.join("/")
}

/// The JSON files in the root's folder that have an `$id`, with it.
fn beside(root: &Path) -> Vec<(String, PathBuf)> {
    let folder = root.parent().filter(|path| !path.as_os_str().is_empty());
    let entries = fs::read_dir(folder.unwrap_or(Path::new(".")));
    let mut files: Vec<PathBuf> = entries
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    files.retain(|file| Format::of(file) == Format::Json);
    files.sort();
    let mut left = MAX_SEARCHED;
    let mut found = Vec::new();
    for file in files {
        let size = fs::metadata(&file).map_or(0, |about| about.len());
        let Some(rest) = left.checked_sub(size) else {
            continue;
        };
        left = rest;
        let value = Source::open(&file)
            .ok()
            .and_then(|source| read::value(&source).ok());
        if let Some(id) = value.as_ref().and_then(keywords::id) {
            found.push((id.to_owned(), file));
        }
    }
    found
}
