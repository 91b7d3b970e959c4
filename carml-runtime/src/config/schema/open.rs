//! A schema from its file, with the files beside it that it refers to.

use super::Schema;
use carml_diagnostic::{Format, Report, Source};
use serde_json::Value;
use std::path::Path;

impl Schema {
    /// A schema from a file, with those JSON files beside it that it refers to, by their names or by their own `$id`.
    ///
    /// # Errors
    /// If the file cannot be read, or is not a schema.
    pub fn open(path: &Path) -> Result<Schema, Report> {
        let source = Source::open(path)?;
        let mut siblings: Vec<(String, Value)> = Vec::new();
        let mut open = foreign_references(&source.read()?);
        let mut all_read = false;
        while let Some(reference) = open.pop() {
            let known = |name: &str| {
                siblings
                    .iter()
                    .any(|(n, v)| n == name || has_id(v, &reference))
            };
            let last = reference.rsplit('/').next().unwrap_or_default();
            if known(last) || known(&format!("{last}.json")) || all_read {
                continue;
            }
            let named = [last.to_owned(), format!("{last}.json")]
                .into_iter()
                .find_map(|name| read(&path.with_file_name(&name)).map(|value| (name, value)));
            let found: Vec<(String, Value)> = match named {
                Some(found) => vec![found],
                None => {
                    all_read = true;
                    beside(path)
                }
            };
            open.extend(
                found
                    .iter()
                    .flat_map(|(_, value)| foreign_references(value)),
            );
            siblings.extend(found);
        }
        Schema::from_source(&source, &siblings)
    }
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

/// Every JSON file in the schema's folder, with its name.
fn beside(path: &Path) -> Vec<(String, Value)> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
    let entries = std::fs::read_dir(folder.unwrap_or(Path::new(".")));
    let names = entries.into_iter().flatten().flatten().map(|e| e.path());
    names
        .filter(|file| Format::of(file) == Format::Json)
        .filter_map(|file| Some((file.file_name()?.to_str()?.to_owned(), read(&file)?)))
        .collect()
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
