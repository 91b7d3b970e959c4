//! Texts of another form than the schema wants.

use super::value;
use super::words::{article, quoted};
use crate::Loaded;
use carml_diagnostic::{Code, Diagnostic};
use carml_schema::{Node, Scalar};
use jsonschema::ValidationError;

/// A text that does not match a pattern.
pub(super) fn pattern(loaded: &Loaded, error: &ValidationError<'_>, pattern: &str) -> Diagnostic {
    if let Some(words) = words_of(pattern) {
        let at = error.instance_path().as_str();
        return value::not_allowed(loaded, at, error.instance(), &words, &[]);
    }
    fault(
        loaded,
        error,
        format!("a text of the form `{pattern}`"),
        None,
    )
}

/// A text that has not one of the formats that JSON Schema names.
pub(super) fn format(loaded: &Loaded, error: &ValidationError<'_>, format: &str) -> Diagnostic {
    fault(loaded, error, format!("a valid {format}"), example(format))
}

fn fault(
    loaded: &Loaded,
    error: &ValidationError<'_>,
    wanted: String,
    example: Option<&str>,
) -> Diagnostic {
    let at = error.instance_path().as_str();
    let node = loaded.schema().owner(error);
    let node = node.as_ref();
    let given = error.instance().as_str().unwrap_or_default();
    let why = match node.and_then(Node::scalar) {
        Some(Scalar::Duration) => given.parse::<crate::Duration>().err(),
        Some(Scalar::ByteSize) => given.parse::<crate::ByteSize>().err(),
        _ => None,
    };
    let title = node.and_then(Node::title);
    let wanted = title.map_or(wanted, |title| article(&title.to_lowercase()));
    let fault = Diagnostic::error(Code::Format, format!("{} is not {wanted}", quoted(at)));
    let mut fault = loaded.aim(fault, at, false);
    if let Some(why) = why {
        fault = fault.label(why);
    }
    if let Some(about) = node.and_then(Node::description) {
        fault = fault.note(about);
    }
    let hint = match node.and_then(Node::examples) {
        Some(_) => node.and_then(Node::hint),
        None => example.map(|example| format!("write it like `{example}`")),
    };
    match hint {
        Some(hint) => fault.help(hint),
        None => fault,
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
    fn finds_the_words_of_a_choice_and_of_nothing_else() {
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
