//! Values that are not among those allowed.

use super::type_mismatch::{self, quote, unquote};
use super::wording::text as written;
use crate::document::Document;
use carml_diagnostic::{
    Diagnostic, Found, Input, Kind, did_you_mean, nearest, plain_scalar, text, trusted,
};
use serde_json::Value;

/// More names than this are not listed.
const MAX_LISTED: usize = 20;

/// A value that is not one of those allowed; `others` are types of values that are allowed too.
pub(super) fn not_allowed(
    document: &Document,
    at: &str,
    instance: &Value,
    allowed: &[&Value],
    others: &[String],
) -> Diagnostic {
    let number = || document_number(document, at, instance);
    let kind = Kind::ValueNotAllowed {
        at: at.to_owned(),
        found: number().unwrap_or_else(|| Found::of(instance)),
    };
    let diagnostic = document.locate(Diagnostic::new(kind), at, false);
    let names: Vec<String> = allowed.iter().map(|value| shown(value)).collect();
    // The same word as a value of another type is one of those allowed.
    let word = written(instance);
    let mut of_another_type = allowed
        .iter()
        .filter(|value| value.is_string() != instance.is_string());
    let same = of_another_type.find(|value| written(value) == word);
    match (instance, same) {
        (Value::String(word), Some(_)) => {
            let listed = list(diagnostic, &[], &names, others, "allowed values");
            return match unquote(document, at, word) {
                Some(help) => listed.help(help),
                None => listed,
            };
        }
        (Value::Number(_) | Value::Bool(_), same) => {
            let help = quote(document, at, instance);
            let listed = list(diagnostic, &[], &names, others, "allowed values");
            let strings = same.is_some_and(|value| value.is_string());
            return if strings || is_written(document, at, allowed) {
                listed.help(help)
            } else {
                listed
            };
        }
        (Value::String(_), None) => {}
        _ => return list(diagnostic, &[], &names, others, "allowed values"),
    }
    let near = nearest(&word, names.iter().map(String::as_str));
    let diagnostic = suggest(diagnostic, &near);
    list(diagnostic, &near, &names, others, "allowed values")
}

/// A number as it is written: `3.10`.
fn document_number(document: &Document, at: &str, instance: &Value) -> Option<Found> {
    let text = type_mismatch::written(document, at)?;
    let same = instance.is_number() && plain_scalar(&text).as_ref() == Some(instance);
    same.then(|| Found::Scalar(Input::new(text)))
}

/// A value of the schema as it is written: a string that would be another type in quotes.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) if plain_scalar(text).is_none_or(|read| read != *value) => {
            value.to_string()
        }
        _ => written(value),
    }
}

/// Whether what is written, in quotes, is one of the strings allowed: `3.10`, which is the number
/// 3.1.
fn is_written(document: &Document, at: &str, allowed: &[&Value]) -> bool {
    let place = document.provenance(at, false);
    let text = place.and_then(|(layer, span)| layer.source.text().get(span.start..span.end));
    text.is_some_and(|text| allowed.iter().any(|value| value.as_str() == Some(text)))
}

/// Adds the nearest name.
pub(super) fn suggest(diagnostic: Diagnostic, near: &[&str]) -> Diagnostic {
    match near.first() {
        Some(best) => diagnostic.label(text![trusted(did_you_mean(best))]),
        None => diagnostic,
    }
}

/// Lists what is allowed; if that is much, the nearest or the first of it.
pub(super) fn list(
    diagnostic: Diagnostic,
    near: &[&str],
    all: &[String],
    others: &[String],
    what: &str,
) -> Diagnostic {
    let listed = |all: &[String]| -> String {
        let names = all.iter().map(|name| format!("`{name}`"));
        let whole: Vec<String> = names.chain(others.iter().cloned()).collect();
        whole.join(", ")
    };
    let note = match all.len() + others.len() {
        0 => return diagnostic,
        1..=MAX_LISTED => format!("{what}: {}", listed(all)),
        _ if near.len() > 1 => format!("similar: {}", near.join(", ")),
        _ if near.len() == 1 => return diagnostic,
        _ => {
            let some = listed(&all[..all.len().min(MAX_LISTED)]);
            let more = all.len().saturating_sub(MAX_LISTED);
            format!("{what}: {some} and {more} more")
        }
    };
    diagnostic.note(text![trusted(note)])
}
