//! Strings that do not have the form that the schema requires.

use super::wording::article;
use super::{enum_value, schema_lookup};
use crate::document::Document;
use crate::{ByteSize, Duration};
use carml_diagnostic::{Diagnostic, Kind, text, trusted};
use carml_schema::{Node, Scalar};
use jsonschema::ValidationError;
use serde_json::Value;

/// A string that does not match a pattern.
pub(super) fn pattern(
    document: &Document,
    error: &ValidationError<'_>,
    pattern: &str,
) -> Diagnostic {
    if let Some(words) = words_of(pattern) {
        let at = error.instance_path().as_str();
        let words: Vec<Value> = words.into_iter().map(Value::String).collect();
        let words: Vec<&Value> = words.iter().collect();
        return enum_value::not_allowed(document, at, error.instance(), &words, &[]);
    }
    mismatch(
        document,
        error,
        format!("a string of the form `{pattern}`"),
        None,
    )
}

/// A string that does not have one of the formats that JSON Schema names.
pub(super) fn format(document: &Document, error: &ValidationError<'_>, format: &str) -> Diagnostic {
    mismatch(
        document,
        error,
        format!("a valid {format}"),
        example(format),
    )
}

fn mismatch(
    document: &Document,
    error: &ValidationError<'_>,
    expected: String,
    example: Option<&str>,
) -> Diagnostic {
    let at = error.instance_path().as_str();
    let node = document.schema().owner(error);
    let node = node.as_ref();
    let instance = error.instance();
    let given = instance.as_str().unwrap_or_default();
    let why = match node.and_then(Node::scalar) {
        Some(Scalar::Duration) => given.parse::<Duration>().err(),
        Some(Scalar::ByteSize) => given.parse::<ByteSize>().err(),
        _ => None,
    };
    let title = node.and_then(Node::title);
    let kind = Kind::FormatMismatch {
        at: at.to_owned(),
        expected: title.map_or(expected, |title| article(&title.to_lowercase())),
    };
    let mut diagnostic = document.locate(Diagnostic::new(kind), at, false);
    if let Some(why) = why {
        diagnostic = diagnostic.label(why);
    }
    let diagnostic = schema_lookup::describe(document.schema(), error, diagnostic);
    let hint = match node.and_then(Node::examples) {
        Some(_) => node.and_then(Node::hint),
        None => example.map(|example| format!("write it like `{example}`")),
    };
    match hint {
        Some(hint) => diagnostic.help(text![trusted(hint)]),
        None => diagnostic,
    }
}

/// The words of a pattern that is nothing but a choice, as `^(a|b)$` is.
fn words_of(pattern: &str) -> Option<Vec<String>> {
    let inner = pattern.strip_prefix('^')?.strip_suffix('$')?;
    let inner = inner.strip_prefix('(')?.strip_suffix(')')?;
    let inner = inner.strip_prefix("?:").unwrap_or(inner);
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | ' ' | '/' | ':' | '|');
    let words: Vec<String> = inner.split('|').map(str::to_owned).collect();
    (words.len() > 1 && inner.chars().all(plain) && words.iter().all(|w| !w.is_empty()))
        .then_some(words)
}

fn example(format: &str) -> Option<&'static str> {
    Some(match format {
        "date" => "2030-12-31",
        "time" => "23:59:59Z",
        "date-time" => "2030-12-31T23:59:59Z",
        "duration" => "PT5M",
        "email" | "idn-email" => "name@example.org",
        "hostname" | "idn-hostname" => "db.example.org",
        "ipv4" => "192.0.2.1",
        "ipv6" => "2001:db8::1",
        "uri" | "iri" => "https://example.org/path",
        "uri-reference" | "iri-reference" => "/path",
        "uri-template" => "https://example.org/{name}",
        "uuid" => "123e4567-e89b-12d3-a456-426614174000",
        "json-pointer" => "/key/0",
        "relative-json-pointer" => "1/key",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::words_of;

    #[test]
    fn finds_the_words_of_a_pattern_that_lists_words() {
        assert_eq!(words_of("^(a|b-c)$").map(|w| w.len()), Some(2));
        assert_eq!(words_of("^(?:a|b)$").map(|w| w.len()), Some(2));
        for other in [
            "^a|b$",
            "^(a|b)",
            "^(a|b+)$",
            "^(a)$",
            "^(a|)$",
            "^(a|b)c(d|e)$",
        ] {
            assert_eq!(words_of(other), None, "{other}");
        }
    }
}
