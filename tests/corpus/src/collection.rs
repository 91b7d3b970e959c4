//! Where schemas and instances come from.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

/// A schema, with files that it accepts and files that it refuses.
#[derive(Clone, Debug)]
pub struct Case {
    /// Unique in its collection.
    pub name: String,
    /// The schema's file.
    pub schema: PathBuf,
    /// In the collection's order.
    pub instances: Vec<Instance>,
}

/// A JSON file.
#[derive(Clone, Debug)]
pub struct Instance {
    /// Where it is.
    pub file: PathBuf,
    /// Whether the schema accepts it.
    pub valid: bool,
}

/// A folder with a `manifest.jsonl`, one line per instance: `schema_file`, `json`, `valid`.
///
/// # Errors
///
/// The manifest cannot be read.
pub fn from_manifest(folder: &Path) -> io::Result<Vec<Case>> {
    let manifest = fs::read_to_string(folder.join("manifest.jsonl"))?;
    let mut cases = BTreeMap::<String, Case>::new();
    for line in manifest.lines() {
        let row: serde_json::Value = serde_json::from_str(line)?;
        let text = |key: &str| row[key].as_str().unwrap_or_default();
        let file = text("schema_file");
        let case = cases.entry(file.to_owned()).or_insert_with(|| Case {
            name: stem(Path::new(file)),
            schema: folder.join(file),
            instances: Vec::new(),
        });
        case.instances.push(Instance {
            file: folder.join(text("json")),
            valid: row["valid"] == true,
        });
    }
    Ok(cases.into_values().collect())
}

/// A folder of folders, each with a `schema.json`, and files in `valid` and `invalid`.
///
/// # Errors
///
/// A folder cannot be read.
pub fn from_folders(folder: &Path) -> io::Result<Vec<Case>> {
    let mut cases = Vec::new();
    for name in entries(folder)? {
        let mut instances = Vec::new();
        for (kind, valid) in [("valid", true), ("invalid", false)] {
            let files = entries(&name.join(kind)).unwrap_or_default();
            instances.extend(files.into_iter().map(|file| Instance { file, valid }));
        }
        cases.push(Case {
            schema: name.join("schema.json"),
            name: stem(&name),
            instances,
        });
    }
    Ok(cases)
}

/// What is in a folder, sorted.
pub(crate) fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
    let mut entries: Vec<PathBuf> = entries.collect::<Result<_, _>>()?;
    entries.sort();
    Ok(entries)
}

pub(crate) fn stem(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}
