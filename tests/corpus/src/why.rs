//! What is wrong with an instance, by a validator.

use std::{fs, path::Path};

use serde_json::Value;

/// The keywords that refuse an instance, sorted.
///
/// The validator reads `validator.json` where the folder of the schema has one: the same schema,
/// with patterns in a spelling that it knows. It does not read every pattern of ECMA-262.
pub(crate) fn keywords(schema: &Path, instance: &Path) -> Option<Vec<String>> {
    let schema_value: Value =
        read(&schema.with_file_name("validator.json")).or_else(|| read(schema))?;
    let mut options = jsonschema::options()
        .should_validate_formats(true)
        .with_retriever(Beside(schema.parent()?.to_owned()));
    if schema_value.get("$schema").is_none() {
        options = options.with_draft(jsonschema::Draft::Draft7);
    }
    let validator = options.build(&schema_value).ok()?;
    let instance = read(instance)?;
    let mut keywords: Vec<String> = validator
        .iter_errors(&instance)
        .filter_map(|error| {
            let path = error.schema_path().to_string();
            path.rsplit('/').next().map(str::to_owned)
        })
        .collect();
    keywords.sort();
    keywords.dedup();
    Some(keywords)
}

fn read(file: &Path) -> Option<Value> {
    serde_json::from_slice(&fs::read(file).ok()?).ok()
}

/// References name files beside the schema, by the last segment of their path.
struct Beside(std::path::PathBuf);

impl jsonschema::Retrieve for Beside {
    fn retrieve(
        &self,
        uri: &jsonschema::Uri<String>,
    ) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        let uri = uri.as_str().trim_end_matches('#');
        let last = uri.rsplit('/').next().unwrap_or_default();
        let names = [last.to_owned(), format!("{last}.json")];
        let found = names.iter().find_map(|name| read(&self.0.join(name)));
        found.ok_or_else(|| format!("there is no {last} beside the schema").into())
    }
}
