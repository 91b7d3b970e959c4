//! The official JSON Schema Test Suite, from a folder that the user names.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use crate::collection::{Case, Instance, entries, stem};

/// The suite's folders, and what a schema says to be of that draft.
const DRAFTS: [(&str, &str); 5] = [
    ("draft4", "http://json-schema.org/draft-04/schema#"),
    ("draft6", "http://json-schema.org/draft-06/schema#"),
    ("draft7", "http://json-schema.org/draft-07/schema#"),
    (
        "draft2019-09",
        "https://json-schema.org/draft/2019-09/schema",
    ),
    (
        "draft2020-12",
        "https://json-schema.org/draft/2020-12/schema",
    ),
];

/// Writes every group of the suite as a schema and its instances into a folder, the documents of
/// `remotes` beside them: nothing is fetched, so they are found by their names.
///
/// # Errors
///
/// The suite cannot be read, or the folder not be written.
pub fn cases(suite: &Path, folder: &Path) -> io::Result<Vec<Case>> {
    let mut cases = Vec::new();
    for (draft, uri) in DRAFTS {
        let folder = folder.join(draft);
        fs::create_dir_all(folder.join("instances"))?;
        // The suite serves this folder: its documents refer to each other by their paths. Those of
        // the draft come last: they take the place of those for every draft.
        let remotes = suite.join("remotes");
        for served in [remotes.clone(), remotes.join(draft)] {
            for file in files(&served, "draft")? {
                let path = file.strip_prefix(&served).unwrap_or(&file);
                // A schema without an address finds them by their last names.
                for copy in [
                    folder.join(path),
                    folder.join(path.file_name().unwrap_or_default()),
                ] {
                    fs::create_dir_all(copy.parent().unwrap_or(&folder))?;
                    fs::copy(&file, copy)?;
                }
            }
        }
        // `format` tests are for validators that assert formats.
        for file in files(&suite.join("tests").join(draft), "format")? {
            let groups: Vec<Value> = serde_json::from_slice(&fs::read(&file)?)?;
            for (n, group) in groups.iter().enumerate() {
                let name = format!("{draft}-{}-{n}", stem(&file));
                cases.push(case(&folder, name, uri, group)?);
            }
        }
    }
    Ok(cases)
}

fn case(folder: &Path, name: String, draft: &str, group: &Value) -> io::Result<Case> {
    let mut schema = group["schema"].clone();
    if let Value::Object(object) = &mut schema {
        object.entry("$schema").or_insert_with(|| json!(draft));
    }
    let mut case = Case {
        schema: folder.join(format!("{name}.json")),
        name,
        instances: Vec::new(),
    };
    fs::write(&case.schema, schema.to_string())?;
    for (n, test) in group["tests"].as_array().into_iter().flatten().enumerate() {
        let file = folder.join(format!("instances/{}-{n}.json", case.name));
        fs::write(&file, test["data"].to_string())?;
        let valid = test["valid"] == true;
        case.instances.push(Instance { file, valid });
    }
    Ok(case)
}

/// The JSON files of a folder and its subfolders, except those with this name.
fn files(folder: &Path, but: &str) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in entries(folder)? {
        if stem(&path).starts_with(but) {
            continue;
        }
        if path.is_dir() {
            files.extend(self::files(&path, but)?);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            files.push(path);
        }
    }
    Ok(files)
}
