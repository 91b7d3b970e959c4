//! `--requires`: a call of the store.

use carml_diagnostic::nearest;
use carml_kv::capability::{InvalidRequirement, Requirement};

/// Reads `lock` or `lock:cluster`.
pub(crate) fn requirement(text: &str) -> Result<Requirement, String> {
    text.parse().map_err(|error: InvalidRequirement| {
        match nearest(error.written(), error.expected()).first() {
            Some(name) => format!("{error}; did you mean `{name}`?"),
            None => error.to_string(),
        }
    })
}
