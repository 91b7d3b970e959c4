//! An item that is a name alone, or a mapping of a name to its options: what mixes the two up.

use super::super::enum_value;
use super::super::wording::text as written;
use super::{Choice, allowed};
use carml_diagnostic::{Diagnostic, Found, Input, Kind, escape_key, nearest, text, trusted};
use carml_schema::applicable::{Applicable, child, closure};
use serde_json::Value;
use std::collections::BTreeSet;

pub(super) fn diagnostic(choice: Choice<'_>) -> Option<Diagnostic> {
    let Choice { document, at, .. } = choice;
    let names = allowed::constants(choice.branches, at);
    let names: Vec<String> = names.iter().map(written).collect();
    let options = options(choice);
    if names.is_empty() || options.is_empty() {
        return None;
    }
    match choice.error.instance().as_ref() {
        Value::String(given) if options.contains(given) => {
            let example = example(choice, given);
            let help = format!("write `{given}: {}`", example.as_deref().unwrap_or("…"));
            let kind = Kind::OptionsMissing {
                name: given.clone(),
            };
            let diagnostic = Diagnostic::new(kind).help(text![trusted(help)]);
            Some(document.locate(diagnostic, at, false))
        }
        Value::Object(map) if map.len() == 1 => {
            let key = map.keys().next()?;
            let pointer = format!("{at}/{}", escape_key(key));
            if options.contains(key) {
                return None;
            }
            if names.contains(key) {
                let help = format!("write `{key}` alone, without `:`");
                let kind = Kind::OptionsNotAllowed { name: key.clone() };
                let diagnostic = Diagnostic::new(kind).help(text![trusted(help)]);
                return Some(document.locate(diagnostic, &pointer, true));
            }
            let mut all = names;
            all.extend(options);
            let mut seen = BTreeSet::new();
            all.retain(|name| seen.insert(name.clone()));
            let kind = Kind::ValueNotAllowed {
                at: at.to_owned(),
                found: Found::Scalar(Input::new(key)),
            };
            let diagnostic = document.locate(Diagnostic::new(kind), &pointer, true);
            let near = nearest(key, all.iter().map(String::as_str));
            let diagnostic = enum_value::suggest(diagnostic, &near);
            Some(enum_value::list(
                diagnostic,
                &near,
                &all,
                &[],
                "allowed names",
            ))
        }
        _ => None,
    }
}

/// The keys of alternatives that are mappings of one required key.
pub(super) fn options(choice: Choice<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for part in parts(choice) {
        found.extend(part.node.only_required().map(str::to_owned));
    }
    found
}

/// An example of the value of a key of one of the alternatives.
fn example(choice: Choice<'_>, key: &str) -> Option<String> {
    let own = closure(child(&parts(choice), key));
    let examples = own.iter().find_map(|part| part.node.examples());
    examples?.first().map(written)
}

fn parts(choice: Choice<'_>) -> Vec<Applicable<'_>> {
    let owner = choice.document.schema().owner(choice.error);
    closure(owner.map(|node| Applicable {
        node,
        unconditional: false,
    }))
}
