//! A schema from its file, with the files beside it that it refers to.

use super::{Schema, documents};
use carml_diagnostic::{Format, Report, Source};
use serde_json::Value;
use std::path::{Path, PathBuf};

impl Schema {
    /// A schema from a file, with those JSON files beside it that it refers to, by their names or by their own `$id`.
    ///
    /// # Errors
    /// If the file cannot be read, or is not a schema.
    pub fn open(path: &Path) -> Result<Schema, Report> {
        let source = Source::open(path)?;
        let mut siblings: Vec<(String, Value)> = Vec::new();
        let mut open = foreign_references(&source.read()?);
        let mut others: Option<Vec<(String, PathBuf)>> = None;
        while let Some(reference) = open.pop() {
            let last = segment(&reference);
            let known = |(name, value): &(String, Value)| {
                name == last || name == &format!("{last}.json") || has_id(value, &reference)
            };
            if siblings.iter().any(known) {
                continue;
            }
            let mut found: Vec<PathBuf> = [last.to_owned(), format!("{last}.json")]
                .iter()
                .map(|name| path.with_file_name(name))
                .filter(|file| !last.is_empty() && file.is_file())
                .take(1)
                .collect();
            if found.is_empty() {
                let all = others.get_or_insert_with(|| beside(path));
                let fits = |id: &str| id == reference || segment(id) == last;
                let named = all.extract_if(.., |(id, _)| fits(id));
                found.extend(named.map(|(_, file)| file));
            }
            for file in found {
                let name = file.file_name().and_then(|name| name.to_str());
                if let (Some(name), Some(value)) = (name, read(&file)) {
                    open.extend(foreign_references(&value));
                    siblings.push((name.to_owned(), value));
                }
            }
        }
        Schema::from_source(&source, &siblings)
    }
}

/// How many bytes of the files beside a schema are looked through for their `$id`s.
const MOST_BYTES: u64 = 64 << 20;

/// The last segment of a path or address.
fn segment(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

fn read(path: &Path) -> Option<Value> {
    Source::open(path).ok()?.read().ok()
}

fn has_id(value: &Value, id: &str) -> bool {
    let own = value.get("$id").or_else(|| value.get("id"));
    own.and_then(Value::as_str)
        .map(|own| own.trim_end_matches('#'))
        == Some(id)
}

/// The JSON files in the schema's folder that have an `$id`, with it.
fn beside(path: &Path) -> Vec<(String, PathBuf)> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
    let entries = std::fs::read_dir(folder.unwrap_or(Path::new(".")));
    let mut files: Vec<PathBuf> = entries
        .into_iter()
        .flatten()
        .flatten()
        .map(|e| e.path())
        .collect();
    files.retain(|file| Format::of(file) == Format::Json);
    files.sort();
    let mut left = MOST_BYTES;
    let mut found = Vec::new();
    for file in files {
        let size = std::fs::metadata(&file).map_or(0, |about| about.len());
        let Some(rest) = left.checked_sub(size) else {
            continue;
        };
        left = rest;
        if let Some(id) = read(&file).as_ref().and_then(documents::id) {
            found.push((id.to_owned(), file));
        }
    }
    found
}

/// The documents that a schema refers to, CarML's own and the metaschemas left out.
fn foreign_references(schema: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![schema];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(map) => {
                if let Some(Value::String(reference)) = map.get("$ref") {
                    let file = reference.split('#').next().unwrap_or_default();
                    let ours = file.starts_with("carml://") || file.contains("json-schema.org/");
                    if !file.is_empty() && !ours && !has_id(schema, file) {
                        found.push(file.to_owned());
                    }
                }
                open.extend(map.values());
            }
            Value::Array(list) => open.extend(list),
            _ => {}
        }
    }
    found
}
