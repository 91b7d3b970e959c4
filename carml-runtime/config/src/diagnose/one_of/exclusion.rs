//! Values that match too much: several alternatives, or what they must not match.

use super::super::schema_lookup;
use crate::document::Document;
use carml_diagnostic::{Diagnostic, Found, Kind};
use carml_schema::Node;
use jsonschema::ValidationError;

/// A value that matches several alternatives, but may match only one.
pub(in super::super) fn several(document: &Document, error: &ValidationError<'_>) -> Diagnostic {
    let at = error.instance_path().as_str();
    let instance = error.instance();
    let owner = document.schema().owner(error);
    let branches = owner.iter().flat_map(Node::one_of);
    let mut given: Vec<String> = Vec::new();
    for branch in branches {
        if let Some(key) = branch
            .only_required()
            .filter(|key| instance.get(key).is_some())
        {
            given.push(key.to_owned());
        }
    }
    if given.len() > 1 {
        return mutually_exclusive(document, at, given);
    }
    let kind = Kind::Ambiguous { at: at.to_owned() };
    let diagnostic = document.locate(Diagnostic::new(kind), at, true);
    diagnostic.help("remove what belongs to the others")
}

/// A value that matches what it must not.
pub(in super::super) fn excluded(document: &Document, error: &ValidationError<'_>) -> Diagnostic {
    let at = error.instance_path().as_str();
    let excluded = document.schema().owner(error);
    let excluded = excluded.and_then(|node| node.excluded());
    let required = excluded.iter().flat_map(Node::required);
    let keys = required.filter(|_| error.instance().is_object());
    let mut keys: Vec<String> = keys.map(str::to_owned).collect();
    if keys.len() > 1 {
        return mutually_exclusive(document, at, keys);
    }
    let kind = match keys.pop() {
        Some(key) => Kind::ExcludedKey {
            key,
            parent: at.to_owned(),
        },
        None => Kind::Excluded {
            at: at.to_owned(),
            found: Found::of(error.instance()),
        },
    };
    let diagnostic = document.locate(Diagnostic::new(kind), at, false);
    schema_lookup::describe(document.schema(), error, diagnostic)
}

fn mutually_exclusive(document: &Document, at: &str, keys: Vec<String>) -> Diagnostic {
    let kind = Kind::MutuallyExclusive {
        keys,
        parent: at.to_owned(),
    };
    let diagnostic = document.locate(Diagnostic::new(kind), at, true);
    diagnostic.help("keep one of them")
}
