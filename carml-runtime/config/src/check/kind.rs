//! Values of the wrong kind.

use super::words::{kind_of, kinds, name, quoted};
use crate::Loaded;
use carml_diagnostic::{Code, Diagnostic};
use carml_schema::Scalar;
use jsonschema::ValidationError;
use jsonschema::error::TypeKind;
use serde_json::Value;

/// A value of another kind than the schema wants.
pub(super) fn fault(loaded: &Loaded, error: &ValidationError<'_>, kind: &TypeKind) -> Diagnostic {
    let at = error.instance_path().as_str();
    let wanted = wanted(kind);
    let form = loaded.schema().owner(error).and_then(|node| node.scalar());
    let word = match form {
        Some(Scalar::Duration) => "a duration".to_owned(),
        Some(Scalar::ByteSize) => "a byte size".to_owned(),
        Some(Scalar::Endpoint) => "an address".to_owned(),
        _ => kinds(&wanted),
    };
    let value = error.instance();
    let fault = mismatch(loaded, at, &word, value);
    match help(name(at), &wanted, form, value) {
        Some(help) => fault.help(help),
        None => fault,
    }
}

/// A value that is not what the words say.
pub(super) fn mismatch(loaded: &Loaded, at: &str, wanted: &str, value: &Value) -> Diagnostic {
    let message = format!("{} must be {wanted}, not {}", quoted(at), kind_of(value));
    let fault = Diagnostic::error(Code::Type, message).label(format!("expected {wanted}"));
    loaded.aim(fault, at, false)
}

/// The kinds as JSON Schema names them.
pub(super) fn wanted(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(one) => one.to_string(),
        TypeKind::Multiple(set) => {
            let all: Vec<String> = set.iter().map(|t| t.to_string()).collect();
            all.join(" or ")
        }
    }
}

fn help(name: &str, wanted: &str, form: Option<Scalar>, value: &Value) -> Option<String> {
    Some(match (wanted, value) {
        ("array", Value::Object(_)) => "start each item with `- `".to_owned(),
        ("array", Value::String(s)) if s.contains(',') => {
            let items: Vec<&str> = s.split(',').map(str::trim).collect();
            format!("write a list: `[{}]`", items.join(", "))
        }
        ("array", Value::String(s)) => format!("write a list of one: `[{s}]`"),
        ("array", Value::Null) => "write `[]` for a list of none, or leave the key out".to_owned(),
        ("object", Value::Null) if name == "the document" => {
            "write its keys, or `{}` for its defaults".to_owned()
        }
        ("object", Value::Null) => {
            format!("write its keys below it, indented, or `{name}: {{}}` for its defaults")
        }
        ("object", Value::String(s)) => match s.split_once(':') {
            Some((key, rest)) if !rest.starts_with(' ') => {
                format!("write a space after the colon: `{key}: {rest}`")
            }
            _ => match s.split_once(' ') {
                Some((key, rest)) => format!("is a `:` missing? Write `{key}: {rest}`"),
                None => format!("write the keys of `{name}` below it, indented"),
            },
        },
        ("string", Value::Null) => "give a value, or leave the key out".to_owned(),
        ("string", Value::Number(n)) => match form {
            Some(Scalar::Duration) => format!("the unit is missing: write `{n}s` for seconds"),
            Some(Scalar::ByteSize) => {
                format!("the unit is missing: write `{n}mb`, or `{n}b` for bytes")
            }
            _ => format!("put it in quotes: `\"{n}\"`"),
        },
        ("string", Value::Bool(b)) => format!("put it in quotes: `\"{b}\"`"),
        ("boolean", Value::String(s)) => match s.to_ascii_lowercase().as_str() {
            "true" | "false" => format!("take the quotes off: `{}`", s.to_ascii_lowercase()),
            "yes" | "y" | "on" | "1" => format!("write `true`: YAML 1.2 reads `{s}` as a text"),
            "no" | "n" | "off" | "0" => format!("write `false`: YAML 1.2 reads `{s}` as a text"),
            _ => return None,
        },
        ("integer" | "number", Value::String(s)) if s.parse::<f64>().is_ok() => {
            format!("take the quotes off: `{s}`")
        }
        ("integer", Value::Number(n)) => format!("`{n}` has a fraction: write a whole number"),
        _ => return None,
    })
}
