//! The metaschemas: whether a document is a schema.

use std::sync::OnceLock;

use jsonschema::{Draft, Validator};
use serde_json::{Value, json};

/// Where a document violates the metaschema of a draft: the pointer and the message.
pub(crate) fn violation(draft: Draft, document: &Value) -> Option<(String, String)> {
    static VALIDATORS: [OnceLock<Option<Validator>>; 5] = [const { OnceLock::new() }; 5];
    let (at, uri) = match draft {
        Draft::Draft4 => (0, "http://json-schema.org/draft-04/schema"),
        Draft::Draft6 => (1, "http://json-schema.org/draft-06/schema"),
        Draft::Draft201909 => (2, "https://json-schema.org/draft/2019-09/schema"),
        Draft::Draft202012 => (3, "https://json-schema.org/draft/2020-12/schema"),
        _ => (4, "http://json-schema.org/draft-07/schema"),
    };
    let validator = VALIDATORS[at].get_or_init(|| {
        // Formats are not asserted here: many patterns are of another language than ECMA-262's.
        let options = jsonschema::options()
            .with_draft(draft)
            .should_validate_formats(false);
        options.build(&json!({ "$ref": uri })).ok()
    });
    let error = validator.as_ref()?.validate(document).err()?;
    Some((error.instance_path().to_string(), error.to_string()))
}
