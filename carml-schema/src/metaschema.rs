//! The metaschemas: whether a document is a schema, and schemas that speak of schemas.

use std::sync::OnceLock;

use jsonschema::{Draft, Registry, Validator};
use serde_json::{Value, json};

/// Checks a document by the metaschema of the draft that it names. One that names none, or none
/// that is known, is of draft 7, unless it has the bounds of draft 4.
///
/// # Errors
///
/// The pointer of what is wrong, and what that is.
pub(crate) fn check(document: &Value) -> Result<(), (String, String)> {
    let uri = document.get("$schema").and_then(Value::as_str);
    match uri.and_then(named) {
        Some(draft) => by(draft, document),
        None => by(Draft::Draft7, document)
            .or_else(|error| by(Draft::Draft4, document).map_err(|_| error)),
    }
}

/// The metaschema of a draft, or a part of it.
pub(crate) fn document(uri: &str) -> Option<Value> {
    let (_, path) = uri.split_once("://")?;
    let draft = named(path).filter(|_| path.starts_with("json-schema.org/"))?;
    // The registry has what its documents refer to.
    let refers = json!({ "$ref": uri });
    let registry = Registry::new().draft(draft).add("urn:refers", refers);
    let registry = registry.ok()?.prepare().ok()?;
    let base = jsonschema::uri::from_str(uri).ok()?;
    let found = registry.resolver(base).lookup(uri).ok()?;
    Some(found.contents().clone())
}

fn named(uri: &str) -> Option<Draft> {
    let drafts = [
        ("draft-04", Draft::Draft4),
        ("draft-06", Draft::Draft6),
        ("draft-07", Draft::Draft7),
        ("2019-09", Draft::Draft201909),
        ("2020-12", Draft::Draft202012),
    ];
    let found = drafts.into_iter().find(|(name, _)| uri.contains(name));
    found.map(|(_, draft)| draft)
}

fn by(draft: Draft, document: &Value) -> Result<(), (String, String)> {
    static VALIDATORS: [OnceLock<Option<Validator>>; 5] = [const { OnceLock::new() }; 5];
    let (at, uri) = match draft {
        Draft::Draft4 => (0, "http://json-schema.org/draft-04/schema"),
        Draft::Draft6 => (1, "http://json-schema.org/draft-06/schema"),
        Draft::Draft201909 => (2, "https://json-schema.org/draft/2019-09/schema"),
        Draft::Draft202012 => (3, "https://json-schema.org/draft/2020-12/schema"),
        _ => (4, "http://json-schema.org/draft-07/schema"),
    };
    let validator = VALIDATORS[at].get_or_init(|| {
        // Formats are notes here: many a pattern is of another language than ECMA-262's.
        let options = jsonschema::options()
            .with_draft(draft)
            .should_validate_formats(false);
        options.build(&json!({ "$ref": uri })).ok()
    });
    let Some(validator) = validator else {
        return Ok(());
    };
    validator
        .validate(document)
        .map_err(|error| (error.instance_path().to_string(), error.to_string()))
}
