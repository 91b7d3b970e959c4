//! No secret in any report.

use super::super::Loaded;
use carml_diagnostic::{Code, Report, Source, nearest};
use carml_schema::{Annotations, SchemaIndex};
use serde_json::Value;
use std::collections::HashSet;

/// Parts of names that sound secret: their values are hidden where no schema can tell.
pub(crate) const SECRET_KEYS: [&str; 13] = [
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "credential",
    "access_key",
    "accesskey",
    "private_key",
    "privatekey",
    "api_key",
    "apikey",
];

/// Texts shorter than this are hidden only where they stand quoted: they may be parts of any word.
const SHORTEST: usize = 4;

/// Whether a name sounds secret.
pub(crate) fn sounds_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('-', "_");
    SECRET_KEYS.iter().any(|key| name.contains(key))
}

/// More secrets than this are hidden by their places alone.
const MOST_WORDS: usize = 1_000;

/// Hides every secret of the config in what the report says and in what it shows.
pub(crate) fn conceal(loaded: &Loaded, report: &mut Report) {
    if report.is_empty() {
        return;
    }
    let shapes = loaded.schema().shapes();
    let keys: Vec<String> = shapes
        .secret_keys()
        .iter()
        .map(|key| key.to_ascii_lowercase())
        .collect();
    let names = shapes.names();
    let mut masked: Vec<&Source> = Vec::new();
    for fault in report.faults() {
        let Some(place) = &fault.place else {
            continue;
        };
        // A text that does not parse has no places for its secrets.
        if is_syntax(fault.code) && !masked.iter().any(|s| s.is(&place.source)) {
            masked.push(&place.source);
            let names = keys.iter().map(String::as_str).chain(SECRET_KEYS);
            place.source.mask_keys(names);
        }
        let layer = loaded.layers().iter().find(|l| l.source.is(&place.source));
        let at = layer.map_or("", |l| l.at.as_str());
        if layer.is_some_and(|l| l.raw) {
            if hidden(shapes, &names, &keys, at) {
                place.source.mask_all();
            }
            continue;
        }
        for (pointer, span) in place.source.shown_around(place.span) {
            if hidden(shapes, &names, &keys, &format!("{at}{pointer}")) {
                place.source.mask(span);
            }
        }
    }
    report.redact(&words(loaded));
}

/// Whether a pointer, or one above it, is secret by the schema; or sounds so, or may have been meant to be.
fn hidden(shapes: &SchemaIndex, names: &HashSet<&str>, keys: &[String], pointer: &str) -> bool {
    let mut end = 0;
    for step in pointer.split('/').skip(1) {
        end += step.len() + 1;
        let secrets = || keys.iter().map(String::as_str).chain(SECRET_KEYS);
        let number = step.parse::<usize>().is_ok();
        let file = step.strip_suffix("_file");
        let named = file
            .is_some_and(|of| shapes.is_secret(&format!("{}{of}", &pointer[..end - step.len()])));
        if shapes.is_secret(&pointer[..end])
            || !named && sounds_secret(step)
            || !named && !number && !names.contains(step) && !nearest(step, secrets()).is_empty()
        {
            return true;
        }
    }
    shapes.is_secret(pointer)
}

/// Faults of a text, not of its value.
fn is_syntax(code: Code) -> bool {
    matches!(
        code,
        Code::Syntax
            | Code::Character
            | Code::Directive
            | Code::Escape
            | Code::Indentation
            | Code::Tab
            | Code::Tag
            | Code::Alias
            | Code::AliasBomb
            | Code::TooDeep
            | Code::NotUtf8
            | Code::Key
            | Code::MergeKey
            | Code::DuplicateKey
            | Code::SeveralDocuments
            | Code::NotFinite
            | Code::IntegerRange
    )
}

/// Every secret text, in each form in which a message may have it, longest first.
pub(crate) fn words(loaded: &Loaded) -> Vec<String> {
    let mut texts = loaded.secrets().to_vec();
    let secrets = loaded
        .schema()
        .shapes()
        .annotated(loaded.value(), Annotations::SECRET);
    for secret in secrets {
        scalars(secret.value, &mut texts);
        if texts.len() > MOST_WORDS {
            texts.truncate(MOST_WORDS);
            break;
        }
    }
    let mut words = Vec::new();
    // A secret that is a word of the schema's own cannot be told from it, and hiding that word would tell it.
    let names = loaded.schema().shapes().names();
    for text in texts.into_iter().filter(|t| !names.contains(t.as_str())) {
        for form in [
            text.clone(),
            format!("{text:?}").trim_matches('"').to_owned(),
            Value::String(text.clone())
                .to_string()
                .trim_matches('"')
                .to_owned(),
        ] {
            if form.chars().count() >= SHORTEST {
                words.push(form);
            } else if !form.is_empty() {
                words.push(format!("`{form}`"));
                words.push(format!("\"{form}\""));
            }
        }
    }
    words.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    words.dedup();
    words
}

fn scalars(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            found.push(text.clone());
            found.extend(
                text.lines()
                    .filter(|l| l.len() >= SHORTEST)
                    .map(str::to_owned),
            );
        }
        Value::Array(list) => list.iter().for_each(|v| scalars(v, found)),
        Value::Object(map) => map.values().for_each(|v| scalars(v, found)),
        Value::Null => {}
        other => found.push(other.to_string()),
    }
}
