//! Values of the wrong type.

use super::wording::{name, types};
use crate::document::Document;
use carml_diagnostic::{Diagnostic, Input, Kind, Piece, Text, Type, text, trusted};
use carml_schema::Scalar as Annotation;
use jsonschema::ValidationError;
use jsonschema::error::TypeKind;
use serde_json::Value;

/// A value of another type than the schema requires.
pub(super) fn diagnostic(
    document: &Document,
    error: &ValidationError<'_>,
    kind: &TypeKind,
) -> Diagnostic {
    let at = error.instance_path().as_str();
    let wanted = wanted(kind);
    let annotation = document
        .schema()
        .owner(error)
        .and_then(|node| node.scalar());
    let expected = match annotation {
        Some(Annotation::Duration) => "a duration".to_owned(),
        Some(Annotation::ByteSize) => "a byte size".to_owned(),
        Some(Annotation::Endpoint) => "an address".to_owned(),
        _ => types(&wanted),
    };
    let value = error.instance();
    let diagnostic = mismatch(document, at, &expected, value);
    match help(document, at, &wanted, annotation, value) {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    }
}

/// A value that is not of one of the expected types.
pub(super) fn mismatch(document: &Document, at: &str, expected: &str, value: &Value) -> Diagnostic {
    let kind = Kind::TypeMismatch {
        at: at.to_owned(),
        expected: expected.to_owned(),
        found: Type::of(value),
    };
    let label = text!["expected ", trusted(expected)];
    document.locate(Diagnostic::new(kind).label(label), at, false)
}

/// The types as JSON Schema names them.
pub(super) fn wanted(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(one) => one.to_string(),
        TypeKind::Multiple(set) => {
            let all: Vec<String> = set.iter().map(|t| t.to_string()).collect();
            all.join(" or ")
        }
    }
}

/// How to put a value in quotes without changing its text.
pub(super) fn quote(document: &Document, at: &str, value: &Value) -> Text {
    let Scalar { tag, text } = Scalar::of(source(document, at).unwrap_or_default());
    if text.starts_with('*') {
        return "write the value in quotes instead of the alias".into();
    }
    let written = written(document, at).unwrap_or_else(|| value.to_string());
    let how = match tag {
        Some(_) => "remove the tag, and put the value in quotes: `\"",
        None => "put it in quotes: `\"",
    };
    text![how, Input::new(written), "\"`"]
}

/// How to write a string so that it is a value of another type.
pub(super) fn unquote(document: &Document, at: &str, value: &str) -> Option<Text> {
    let source = source(document, at).unwrap_or_default();
    let Scalar { tag, text } = Scalar::of(source);
    if !source.contains("${") {
        let is_quoted = text.is_empty() || text.starts_with(['"', '\'']);
        let how = match tag {
            Some(_) => "write it without the tag: `",
            None if text.starts_with('*') => "write the value instead of the alias: `",
            None if is_quoted => "remove the quotes: `",
            None => "write it on the line of its key: `",
        };
        return Some(text![how, Input::new(value), "`"]);
    }
    if !is_one_variable(unquoted(text)) {
        return Some("use one variable alone: a value of several parts is a string".into());
    }
    if in_braces(document, at) {
        return Some(
            "write the mapping on lines of its own, and the variable without quotes".into(),
        );
    }
    let written = written(document, at).filter(|_| text.starts_with(['"', '\'']))?;
    Some(text!["remove the quotes: `", Input::new(written), "`"])
}

/// A scalar as it is written.
struct Scalar<'d> {
    tag: Option<&'d str>,
    /// Without anchor and tag.
    text: &'d str,
}

impl<'d> Scalar<'d> {
    fn of(source: &'d str) -> Self {
        let (mut tag, mut text) = (None, source);
        while text.starts_with(['&', '!']) {
            let (property, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
            if property.starts_with('!') {
                tag = Some(property);
            }
            text = rest.trim_start();
        }
        Self { tag, text }
    }
}

fn is_number(text: &str) -> bool {
    let digits = text.trim_start_matches(['+', '-']);
    digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') && text.parse::<f64>().is_ok()
}

fn is_one_variable(text: &str) -> bool {
    text.starts_with("${") && text.ends_with('}') && !text[1..].contains("}${")
}

/// What is written for a value.
fn source<'d>(document: &'d Document, at: &str) -> Option<&'d str> {
    let (layer, span) = document.provenance(at, false)?;
    layer.source.text().get(span.start..span.end)
}

fn unquoted(text: &str) -> &str {
    let quoted = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    quoted('"').or_else(|| quoted('\'')).unwrap_or(text)
}

/// The scalar as it is written, without its anchor, tag and quotes.
pub(super) fn written(document: &Document, at: &str) -> Option<String> {
    let text = unquoted(Scalar::of(source(document, at)?).text);
    (!text.is_empty() && !text.contains(['\n', '"', '\\'])).then(|| text.to_owned())
}

/// Whether a value is the first on its line.
fn starts_line(document: &Document, at: &str) -> bool {
    let before = document
        .provenance(at, false)
        .and_then(|(layer, span)| layer.source.text().get(..span.start));
    before.is_some_and(|text| text.trim_end_matches(' ').ends_with('\n'))
}

/// Whether a value is in a mapping or list in braces or brackets, where `${` cannot be without
/// quotes.
fn in_braces(document: &Document, at: &str) -> bool {
    let parent = at.rsplit_once('/').map_or("", |(above, _)| above);
    source(document, parent).is_some_and(|text| text.starts_with(['{', '[']))
}

fn help(
    document: &Document,
    at: &str,
    wanted: &str,
    annotation: Option<Annotation>,
    value: &Value,
) -> Option<Text> {
    let name = name(at);
    Some(match (wanted, value) {
        ("array", Value::Object(_)) => "start each item with `- `".into(),
        ("array", Value::String(s)) if s.starts_with('-') && starts_line(document, at) => {
            "write a space after each `-`".into()
        }
        ("array", Value::String(s)) if s.contains(',') => {
            let items: Vec<&str> = s.split(',').map(str::trim).collect();
            text!["write a list: `[", Input::new(items.join(", ")), "]`"]
        }
        ("array", Value::String(s)) => text!["write a list of one item: `[", Input::new(s), "]`"],
        ("array", Value::Null) => "write `[]` for an empty list, or remove the key".into(),
        ("object", Value::Null) => match name {
            None => "write its keys, or `{}` for its defaults".into(),
            Some(name) => {
                let help = format!(
                    "write its keys below it, indented, or `{name}: {{}}` for its defaults"
                );
                text![trusted(help)]
            }
        },
        ("object", Value::String(s)) => match s.split_once(':') {
            Some((key, rest)) if !rest.starts_with(' ') => text![
                "write a space after the colon: `",
                Piece::Key(key.to_owned()),
                ": ",
                Input::new(rest),
                "`"
            ],
            _ => match s.split_once(' ') {
                Some((key, rest)) => text![
                    "is a `:` missing? Write `",
                    Input::new(format!("{key}: {rest}")),
                    "`"
                ],
                None => match name {
                    Some(name) => {
                        text![trusted(format!(
                            "write the keys of `{name}` below it, indented"
                        ))]
                    }
                    None => "write its keys, each followed by `: ` and its value".into(),
                },
            },
        },
        ("string", Value::Null) => "give a value, or remove the key".into(),
        ("string", Value::Number(n)) => match annotation {
            Some(Annotation::Duration) => text![
                "the unit is missing: write `",
                Input::new(format!("{n}s")),
                "` for seconds"
            ],
            Some(Annotation::ByteSize) => text![
                "the unit is missing: write `",
                Input::new(format!("{n}mb")),
                "`, or `",
                Input::new(format!("{n}b")),
                "` for bytes"
            ],
            _ => quote(document, at, value),
        },
        ("string", Value::Bool(_)) => quote(document, at, value),
        ("boolean", Value::String(s)) => match s.to_ascii_lowercase().as_str() {
            "true" | "false" => unquote(document, at, &s.to_ascii_lowercase())?,
            "yes" | "y" | "on" | "1" => {
                text![
                    "write `true`: YAML 1.2 reads `",
                    Input::new(s),
                    "` as a string"
                ]
            }
            "no" | "n" | "off" | "0" => {
                text![
                    "write `false`: YAML 1.2 reads `",
                    Input::new(s),
                    "` as a string"
                ]
            }
            _ => return None,
        },
        ("integer" | "number", Value::String(s)) if is_number(s.trim()) => {
            unquote(document, at, s.trim())?
        }
        ("integer" | "number", Value::String(s)) if is_number(&s.replace('_', "")) => {
            text![
                "write it without `_`: `",
                Input::new(s.replace('_', "")),
                "`"
            ]
        }
        ("integer", Value::Number(n)) => {
            text![
                "`",
                Input::new(n.to_string()),
                "` has a fraction: write an integer"
            ]
        }
        _ => return None,
    })
}
