//! What the validator found, as faults that a person can mend.

mod branch;
mod form;
mod keys;
mod kind;
mod limit;
mod secret;
mod value;
mod words;
mod work;

pub(super) use secret::{conceal, sounds_secret};

use super::Loaded;
use carml_diagnostic::{Code, Diagnostic, Report, nearest};
use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;
use serde_json::Value;
use std::collections::HashSet;
use words::{place_name, quoted, text};
use work::Scope;

/// Adds every fault that the schema finds in a document that is not valid.
pub(super) fn validate(loaded: &Loaded, report: &mut Report) {
    let scope = work::scope(loaded.schema(), loaded.value());
    let (value, cuts): (&Value, &[String]) = match &scope {
        Scope::Whole => (loaded.value(), &[]),
        Scope::Part(part, cuts) => (part, cuts),
        Scope::None => (&Value::Null, &[]),
    };
    if !matches!(scope, Scope::None) {
        // What lacks a part is not judged as a whole.
        let lies = |cut: &str, at: &str| {
            let below = cut.strip_prefix(at);
            below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let whole = |at: &str| !cuts.iter().any(|cut| lies(cut, at));
        let errors = loaded.schema().validator().iter_errors(value);
        for error in errors.filter(|e| whole(e.instance_path().as_str())) {
            if report.is_full() {
                report.push(Diagnostic::error(Code::Schema, ""));
            } else {
                one(loaded, &error, report);
            }
        }
    }
    fold(report);
    if report.is_empty() {
        let fault = Diagnostic::error(Code::Schema, "the document does not fit its schema");
        let fault = match scope {
            Scope::Whole => fault,
            _ => fault.note("it has too many values, or branches of branches, to say where"),
        };
        report.push(loaded.aim(fault, "", true));
    }
}

/// One mistake, one fault: a misspelt key leaves the right one missing, a value of the wrong kind is none of those that
/// are listed, and what is wrong by itself need not fit the rest.
fn fold(report: &mut Report) {
    let faults = report.faults();
    let pointer = |fault: &Diagnostic| fault.pointer.clone().unwrap_or_default();
    let mut meant = HashSet::new();
    for fault in faults.iter().filter(|f| f.code == Code::UnknownKey) {
        let at = pointer(fault);
        let label = fault.label.as_deref().unwrap_or_default();
        if let (Some((above, _)), Some(key)) = (at.rsplit_once('/'), label.split('`').nth(1)) {
            meant.insert((above.to_owned(), key.to_owned()));
            meant.insert((at.clone(), key.to_owned()));
        }
    }
    let listed = faults.iter().filter(|f| f.code == Code::Value).map(pointer);
    let listed: HashSet<String> = listed.collect();
    let wrong = faults
        .iter()
        .filter(|f| f.code != Code::Schema)
        .map(pointer);
    let wrong: HashSet<String> = wrong.collect();
    let mut formed = HashSet::new();
    report.retain(|fault| {
        let at = pointer(fault);
        match fault.code {
            Code::MissingKey => {
                let key = fault.message.split('`').nth(1).unwrap_or_default();
                !meant.contains(&(at, key.to_owned()))
            }
            Code::Schema => !wrong.contains(&at),
            Code::Type => !listed.contains(&at),
            Code::Format => !listed.contains(&at) && formed.insert(at),
            _ => true,
        }
    });
}

fn one(loaded: &Loaded, error: &ValidationError<'_>, report: &mut Report) {
    let at = error.instance_path().as_str();
    let made = match error.kind() {
        Kind::OneOfNotValid { context } | Kind::AnyOf { context } => {
            return branch::choose(loaded, error, context, report);
        }
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            return unknown_keys(loaded, error, unexpected, report);
        }
        Kind::Required { .. } => missing(loaded, error),
        Kind::Type { kind } => kind::fault(loaded, error, kind),
        Kind::Enum { options } => {
            let all: Vec<String> = options
                .as_array()
                .map(|a| a.iter().map(text).collect())
                .unwrap_or_default();
            value::not_allowed(loaded, at, error.instance(), &all, &[])
        }
        Kind::Constant { expected_value } => {
            value::not_allowed(loaded, at, error.instance(), &[text(expected_value)], &[])
        }
        Kind::Pattern { pattern } => {
            let pattern = loaded.schema().validator().pattern_as_written(pattern);
            form::pattern(loaded, error, pattern)
        }
        Kind::Format { format } => form::format(loaded, error, format),
        Kind::OneOfMultipleValid { .. } => branch::several(loaded, error),
        Kind::Not { .. } => branch::excluded(loaded, error),
        Kind::UniqueItems => loaded
            .aim(
                Diagnostic::error(Code::Unique, format!("{} holds an item twice", quoted(at))),
                at,
                false,
            )
            .help("remove one of the two"),
        Kind::FalseSchema => {
            let step = at.rsplit('/').next().unwrap_or_default();
            let (code, message) = if step.parse::<usize>().is_ok() {
                (
                    Code::Length,
                    format!("this item of {} is one too many", quoted(at)),
                )
            } else {
                (
                    Code::UnknownKey,
                    format!("{} is not allowed here", quoted(at)),
                )
            };
            loaded
                .aim(Diagnostic::error(code, message), at, false)
                .help("take it out")
        }
        Kind::PropertyNames { error: inner } => {
            let key = inner.instance().as_str().unwrap_or_default();
            let message = format!(
                "the key `{key}` of {} does not have an allowed form",
                place_name(at)
            );
            let pointer = format!("{at}/{}", carml_diagnostic::escape_key(key));
            let fault = loaded.aim(Diagnostic::error(Code::Key, message), &pointer, true);
            match inner.kind() {
                Kind::Pattern { pattern } => {
                    let pattern = loaded.schema().validator().pattern_as_written(pattern);
                    fault.note(format!("keys have the form `{pattern}`"))
                }
                Kind::Enum { options } => {
                    let all = options.as_array().into_iter().flatten().map(text);
                    let all: Vec<String> = all.collect();
                    value::suggest(fault, key, &all, &[], "keys")
                }
                _ => fault,
            }
        }
        _ => limit::fault(loaded, error),
    };
    report.push(made);
}

fn unknown_keys(
    loaded: &Loaded,
    error: &ValidationError<'_>,
    unexpected: &[String],
    report: &mut Report,
) {
    let at = error.instance_path().as_str();
    let known = keys::known(loaded.schema(), error);
    let forms = keys::forms(loaded.schema(), error);
    let instance = error.instance();
    // A key that the same layer gives already was not meant once more.
    let layer = |key: &str| {
        let pointer = format!("{at}/{}", carml_diagnostic::escape_key(key));
        let given = loaded.given(&pointer, true);
        given.map(|(layer, _)| &layer.source)
    };
    let open = |unknown: &str| -> Vec<&str> {
        let of = layer(unknown);
        let free = |key: &&str| {
            instance.get(key).is_none() || !layer(key).zip(of).is_some_and(|(a, b)| a.is(b))
        };
        known.iter().map(String::as_str).filter(free).collect()
    };
    // A known key is left over only because its own value is wrong, which stands in the report already.
    for key in unexpected.iter().filter(|key| !known.contains(key)) {
        if report.is_full() {
            report.push(Diagnostic::error(Code::UnknownKey, ""));
            continue;
        }
        let pointer = format!("{at}/{}", carml_diagnostic::escape_key(key));
        let message = format!("`{key}` is not a key of {}", place_name(at));
        let fault = loaded.aim(Diagnostic::error(Code::UnknownKey, message), &pointer, true);
        let near = nearest(key, open(key));
        let mut fault = value::list(value::hint(fault, &near), &near, &known, &forms, "keys");
        if fault.label.is_none()
            && let Some(section) = keys::elsewhere(loaded.schema(), at, key)
        {
            fault = fault.help(format!("it is a key of {}", place_name(&section)));
        }
        report.push(fault);
    }
}

/// A key that is required and not given.
fn missing(loaded: &Loaded, error: &ValidationError<'_>) -> Diagnostic {
    let key = match error.kind() {
        Kind::Required { property } => property.as_str().unwrap_or_default(),
        _ => "",
    };
    let at = error.instance_path().as_str();
    let message = format!("`{key}` is missing in {}", place_name(at));
    let fault = Diagnostic::error(Code::MissingKey, message);
    let owner = loaded.schema().owner(error);
    let own = owner.and_then(|node| node.property(key)?.constant());
    let wanted = own.map_or("…".to_owned(), text);
    // Where other keys are allowed, a misspelt one is not wrong by itself.
    let known = keys::known(loaded.schema(), error);
    let instance = error.instance();
    let given = instance.as_object().into_iter().flat_map(|map| map.keys());
    let odd = given
        .map(String::as_str)
        .filter(|k| known.iter().all(|known| known != k));
    if let Some(odd) = nearest(key, odd).first() {
        let pointer = format!("{at}/{}", carml_diagnostic::escape_key(odd));
        let fault = loaded.aim(fault, &pointer, true);
        return fault
            .label(format!("did you mean `{key}`?"))
            .help(format!("rename it, or add `{key}: {wanted}` beside it"));
    }
    loaded
        .aim(fault, at, true)
        .help(format!("add `{key}: {wanted}` here"))
}

/// Whether a fault is of a value that is empty only because its text could not be read.
pub(super) fn is_hole(loaded: &Loaded, fault: &Diagnostic) -> bool {
    let value = fault
        .pointer
        .as_deref()
        .and_then(|p| loaded.value().pointer(p));
    fault.code == Code::MissingKey || fault.code == Code::Type && value == Some(&Value::Null)
}
