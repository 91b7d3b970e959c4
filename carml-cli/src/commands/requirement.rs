//! `--requires`: a call of a store.

use carml_config::{InvalidRequirement, Requirement};
use carml_diagnostic::nearest;

/// Reads `lock`, `lock:cluster` or `store.presign`.
pub(crate) fn requirement(text: &str) -> Result<Requirement, String> {
    text.parse().map_err(|error: InvalidRequirement| {
        let expected = error.expected();
        match nearest(error.written(), expected.iter().map(String::as_str)).first() {
            Some(name) => format!("{error}; did you mean `{name}`?"),
            None => error.to_string(),
        }
    })
}
