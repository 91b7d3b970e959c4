//! Keys that are unknown, missing or not allowed.

use super::wording::{instance_type, path, text};
use super::{enum_value, schema_lookup, type_mismatch};
use crate::document::Document;
use carml_diagnostic::{
    Diagnostic, Input, Kind, LengthBound, RawReport, Unit, escape_key, nearest, trusted,
    unescape_key,
};
use carml_schema::Node;
use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Violation;
use serde_json::Value;

/// Keys of a mapping that the schema does not know.
pub(super) fn unknown(
    document: &Document,
    error: &ValidationError<'_>,
    unexpected: &[String],
    report: &mut RawReport,
) {
    let at = error.instance_path().as_str();
    if let Some(schema) = document
        .schema()
        .keyword(error)
        .filter(|node| !node.is_false())
    {
        for key in unexpected {
            let pointer = format!("{at}/{}", escape_key(key));
            report.push_with(|| not_as_others(document, &pointer, &schema));
        }
        return;
    }
    let known = schema_lookup::known(document.schema(), error);
    let forms = schema_lookup::forms(document.schema(), error);
    let instance = error.instance();
    let conditional = schema_lookup::conditional(document.schema(), error);
    for key in unexpected {
        if !known.contains(key) {
            report.push_with(|| unknown_key(document, at, instance, key, &known, &forms));
        } else if conditional.contains(key) {
            let pointer = format!("{at}/{}", escape_key(key));
            report.push_with(|| of_another_alternative(document, &pointer, instance));
        }
        // For any other key that the schema knows, the value is wrong: that has a diagnostic of its
        // own.
    }
}

/// Items of a list that `unevaluatedItems` does not allow, given as they are written in JSON.
pub(super) fn unknown_items(
    document: &Document,
    error: &ValidationError<'_>,
    unexpected: &[String],
    report: &mut RawReport,
) {
    let at = error.instance_path().as_str();
    let schema = document
        .schema()
        .keyword(error)
        .filter(|node| !node.is_false());
    // Items are evaluated from the first one on: of equal ones, the last is meant.
    let mut unexpected = unexpected.iter().rev().peekable();
    let items = error.instance().as_array().into_iter().flatten();
    let mut found = Vec::new();
    for (index, item) in items.enumerate().collect::<Vec<_>>().into_iter().rev() {
        let text = item.to_string();
        if unexpected.next_if_eq(&&text).is_some() {
            found.push(index);
        }
    }
    for index in found.into_iter().rev() {
        let pointer = format!("{at}/{index}");
        report.push_with(|| match &schema {
            Some(schema) => not_as_others(document, &pointer, schema),
            None => {
                let kind = Kind::Constraint {
                    at: pointer.clone(),
                    problem: "this item is not allowed".to_owned(),
                };
                let diagnostic = document.locate(Diagnostic::new(kind), &pointer, false);
                diagnostic.help("remove it")
            }
        });
    }
}

/// A value that is not valid against the schema for all that no other schema is for.
fn not_as_others(document: &Document, at: &str, schema: &Node<'_>) -> Diagnostic {
    let types = schema.types();
    match document.value().pointer(at) {
        Some(value) if !types.is_empty() && !types.iter().any(|ty| ty.is_of(value)) => {
            let names: Vec<&str> = types.iter().map(|ty| instance_type(*ty)).collect();
            type_mismatch::mismatch(document, at, &names.join(" or "), value)
        }
        _ => {
            let kind = Kind::Constraint {
                at: at.to_owned(),
                problem: "the value does not match the schema".to_owned(),
            };
            document.locate(Diagnostic::new(kind), at, false)
        }
    }
}

/// A key that the schema knows, but only for another alternative than the one that the mapping
/// matches.
fn of_another_alternative(document: &Document, at: &str, instance: &Value) -> Diagnostic {
    let (parent, key) = at.rsplit_once('/').unwrap_or(("", at));
    let key = unescape_key(key).into_owned();
    let when = schema_lookup::discriminator(document.schema(), parent, instance, &key);
    let kind = Kind::KeyOfAnotherAlternative {
        key: Input::new(key),
        parent: parent.to_owned(),
        when: when.map(|(name, value)| (name, Input::new(value))),
    };
    let diagnostic = document.locate(Diagnostic::new(kind), at, true);
    diagnostic.help("remove it")
}

fn unknown_key(
    document: &Document,
    at: &str,
    instance: &Value,
    key: &str,
    known: &[String],
    forms: &[String],
) -> Diagnostic {
    // A key that the same layer already has is not suggested.
    let layer = |key: &str| {
        let pointer = format!("{at}/{}", escape_key(key));
        let given = document.provenance(&pointer, true);
        given.map(|(layer, _)| &layer.source)
    };
    let of = layer(key);
    let open = known.iter().map(String::as_str).filter(|key| {
        instance.get(key).is_none() || !layer(key).zip(of).is_some_and(|(a, b)| a.is(b))
    });
    let near = nearest(key, open);
    let kind = Kind::UnknownKey {
        key: Input::new(key),
        parent: at.to_owned(),
        suggestion: near.first().map(|&near| near.to_owned()),
    };
    let pointer = format!("{at}/{}", escape_key(key));
    let diagnostic = document.locate(Diagnostic::new(kind), &pointer, true);
    let diagnostic = enum_value::suggest(diagnostic, &near);
    let diagnostic = enum_value::list(diagnostic, &near, known, forms, "known keys");
    match schema_lookup::elsewhere(document.schema(), at, key) {
        Some(section) if near.is_empty() => {
            let help = format!("it is a key of {}", path(&section));
            diagnostic.help(carml_diagnostic::text![trusted(help)])
        }
        None if near.is_empty() && at.is_empty() && document.schema().is_base() => diagnostic
            .help("if it is a section of your service, use its schema: `--schema schema/app.json`"),
        _ => diagnostic,
    }
}

/// A key that is required and not given.
pub(super) fn missing(document: &Document, error: &ValidationError<'_>) -> Diagnostic {
    let key = required(error);
    let at = error.instance_path().as_str();
    let diagnostic = Diagnostic::new(Kind::MissingKey {
        keys: vec![key.to_owned()],
        parent: at.to_owned(),
    });
    let owner = document.schema().owner(error);
    let constant = owner.and_then(|node| node.property(key)?.constant());
    let wanted = constant.map_or("…".to_owned(), text);
    if let Some(odd) = misspelt(document, error) {
        let pointer = format!("{at}/{}", escape_key(&odd));
        let diagnostic = document.locate(diagnostic, &pointer, true);
        let help = format!("rename it, or add `{key}: {wanted}` beside it");
        return enum_value::suggest(diagnostic, &[key])
            .help(carml_diagnostic::text![trusted(help)]);
    }
    let diagnostic = document.locate(diagnostic, at, true);
    let help = format!("add `{key}: {wanted}` here");
    diagnostic.help(carml_diagnostic::text![trusted(help)])
}

/// The key that an error says is missing.
pub(super) fn required<'e>(error: &'e ValidationError<'_>) -> &'e str {
    match error.kind() {
        Violation::Required { property } => property.as_str().unwrap_or_default(),
        _ => "",
    }
}

/// A given key that may have been meant for the missing one. Where other keys are allowed, it is
/// not wrong by itself.
pub(super) fn misspelt(document: &Document, error: &ValidationError<'_>) -> Option<String> {
    let known = schema_lookup::known(document.schema(), error);
    let instance = error.instance();
    let given = instance.as_object().into_iter().flat_map(|map| map.keys());
    let odd = given
        .map(String::as_str)
        .filter(|key| known.iter().all(|known| known != key));
    let near = nearest(required(error), odd);
    near.first().map(|&odd| odd.to_owned())
}

/// A key or an item where the schema allows none.
pub(super) fn nothing_allowed(document: &Document, at: &str) -> Diagnostic {
    let step = at.rsplit('/').next().unwrap_or_default();
    let kind = match step.parse::<u64>() {
        Ok(index) => Kind::WrongLength {
            at: at.to_owned(),
            bound: LengthBound::AtMost(index, Unit::Item),
        },
        Err(_) => Kind::NothingAllowed { at: at.to_owned() },
    };
    let diagnostic = document.locate(Diagnostic::new(kind), at, false);
    diagnostic.help("remove it")
}

/// A key that does not have a form that the schema allows.
pub(super) fn form(document: &Document, at: &str, inner: &ValidationError<'_>) -> Diagnostic {
    let instance = inner.instance();
    let key = instance.as_str().unwrap_or_default();
    let kind = Kind::KeyForm {
        key: Input::new(key),
        parent: at.to_owned(),
    };
    let pointer = format!("{at}/{}", escape_key(key));
    let diagnostic = document.locate(Diagnostic::new(kind), &pointer, true);
    match inner.kind() {
        Violation::Pattern { pattern } => {
            let pattern = document.schema().validator().pattern_as_written(pattern);
            let note = format!("keys have the form `{pattern}`");
            diagnostic.note(carml_diagnostic::text![trusted(note)])
        }
        Violation::Enum { options } => {
            let all: Vec<String> = options.as_array().into_iter().flatten().map(text).collect();
            let near = nearest(key, all.iter().map(String::as_str));
            let diagnostic = enum_value::suggest(diagnostic, &near);
            enum_value::list(diagnostic, &near, &all, &[], "allowed keys")
        }
        _ => diagnostic,
    }
}
