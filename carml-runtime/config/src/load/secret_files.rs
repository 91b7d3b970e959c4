//! `KEY_file` beside a secret `KEY`: the secret is what the file holds.

use carml_diagnostic::Type;
use carml_schema::SchemaIndex;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// No secret is larger than this.
const MAX_BYTES: u64 = 1 << 20;

/// A secret that names a file.
pub(super) struct Named {
    /// The pointer of the secret.
    pub(super) pointer: String,
    /// Whether the file could be read.
    pub(super) outcome: Outcome,
}

pub(super) enum Outcome {
    Read,
    /// The secret itself is given too.
    Both,
    Unread(PathBuf, String),
    /// What names the file is of this type, or an empty string.
    NoName(Type),
}

/// Replaces the names of the files with their contents.
pub(super) fn take(shapes: &SchemaIndex, value: &mut Value) -> Vec<Named> {
    let mut found = Vec::new();
    shapes.files(value, &mut |pointer, map, key| {
        let named = map.shift_remove(&format!("{key}_file"));
        let outcome = if map.contains_key(key) {
            Outcome::Both
        } else {
            let (text, outcome) = match named.as_ref() {
                Some(Value::String(path)) if !path.is_empty() => {
                    let path = PathBuf::from(path);
                    match read(&path) {
                        Ok(text) => (text, Outcome::Read),
                        Err(why) => (String::new(), Outcome::Unread(path, why)),
                    }
                }
                named => {
                    let found = Type::of(named.unwrap_or(&Value::Null));
                    (String::new(), Outcome::NoName(found))
                }
            };
            map.insert(key.to_owned(), Value::String(text));
            outcome
        };
        found.push(Named {
            pointer: format!("{pointer}/{}", carml_diagnostic::escape_key(key)),
            outcome,
        });
    });
    found
}

/// The file's text without the line break at its end.
fn read(path: &Path) -> Result<String, String> {
    let about = std::fs::metadata(path).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        _ => e.to_string(),
    })?;
    if !about.is_file() {
        return Err("it is not a regular file".to_owned());
    }
    if about.len() > MAX_BYTES {
        return Err("it is over 1 MiB".to_owned());
    }
    let text = std::fs::read(path).map_err(|e| e.to_string())?;
    let text = String::from_utf8(text).map_err(|_| "it is not UTF-8".to_owned())?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Ok(text.strip_suffix('\r').unwrap_or(text).to_owned())
}
