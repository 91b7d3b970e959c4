//! No secret in any report.

use super::super::Loaded;
use crate::config::schema::Marks;
use carml_diagnostic::Report;
use serde_json::Value;

/// Parts of names that sound secret: their values are hidden where no schema can tell.
pub(in crate::config) const SECRET_KEYS: [&str; 13] = [
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
pub(in crate::config) fn sounds_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('-', "_");
    SECRET_KEYS.iter().any(|key| name.contains(key))
}

/// Hides every secret of the config in what the report says and in what it shows.
pub(in crate::config) fn conceal(loaded: &Loaded, report: &mut Report) {
    if report.is_empty() {
        return;
    }
    let secret = loaded
        .schema()
        .shapes()
        .marked(loaded.value(), Marks::SECRET);
    for (mut pointer, _) in secret {
        if let Some(value) = loaded.value().pointer(&pointer) {
            hide(loaded, value, &mut pointer);
        }
    }
    let keys = loaded.schema().shapes().secret_keys();
    let keys: Vec<String> = keys.iter().map(|key| key.to_ascii_lowercase()).collect();
    unknown(loaded, &keys, loaded.value(), &mut String::new());
    for fault in report.faults() {
        // A text that does not parse has no places for its secrets.
        if let Some(place) = fault.place.as_ref().filter(|_| is_syntax(fault.code)) {
            let names = keys.iter().map(String::as_str).chain(SECRET_KEYS);
            place.source.mask_keys(names);
        }
    }
    report.redact(&words(loaded));
}

/// Faults of a text, not of its value.
fn is_syntax(code: &str) -> bool {
    matches!(
        code,
        "syntax"
            | "indentation"
            | "tab"
            | "tag"
            | "alias"
            | "alias-bomb"
            | "too-deep"
            | "not-utf8"
            | "key"
            | "merge-key"
            | "duplicate-key"
            | "several-documents"
            | "not-finite"
            | "integer-range"
    )
}

/// Hides values whose keys sound secret, whatever the schema says: a misspelt key is not in it.
fn unknown(loaded: &Loaded, keys: &[String], value: &Value, pointer: &mut String) {
    let length = pointer.len();
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                pointer.push('/');
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
                let names = || keys.iter().map(String::as_str).chain(SECRET_KEYS);
                let known = loaded.schema().shapes().knows(pointer);
                let near = || !carml_diagnostic::nearest(key, names()).is_empty();
                if sounds_secret(key) || !known && near() {
                    hide(loaded, inner, pointer);
                } else if inner.is_object() || inner.is_array() {
                    unknown(loaded, keys, inner, pointer);
                }
                pointer.truncate(length);
            }
        }
        Value::Array(list) => {
            for (n, inner) in list.iter().enumerate() {
                if inner.is_object() || inner.is_array() {
                    pointer.push_str(&format!("/{n}"));
                    unknown(loaded, keys, inner, pointer);
                    pointer.truncate(length);
                }
            }
        }
        _ => {}
    }
}

/// Hides a value: each text and number of it, so that the keys of a map stay.
fn hide(loaded: &Loaded, value: &Value, pointer: &mut String) {
    let length = pointer.len();
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                pointer.push('/');
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
                hide(loaded, inner, pointer);
                pointer.truncate(length);
            }
        }
        Value::Array(list) => {
            for (n, inner) in list.iter().enumerate() {
                pointer.push_str(&format!("/{n}"));
                hide(loaded, inner, pointer);
                pointer.truncate(length);
            }
        }
        _ => loaded.hide(pointer),
    }
}

/// Every secret text, in each form in which a message may have it, longest first.
pub(in crate::config) fn words(loaded: &Loaded) -> Vec<String> {
    let mut texts = loaded.secrets().to_vec();
    for (pointer, _) in loaded
        .schema()
        .shapes()
        .marked(loaded.value(), Marks::SECRET)
    {
        if let Some(value) = loaded.value().pointer(&pointer) {
            scalars(value, &mut texts);
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
