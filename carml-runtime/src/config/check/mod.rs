//! What the validator found, as faults that a person can mend.

mod branch;
mod keys;
mod kind;
mod secret;
mod value;
mod words;

pub(super) use secret::{conceal, sounds_secret};

use super::Loaded;
use carml_diagnostic::{Fault, Report};
use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;
use serde_json::Value;
use std::collections::HashSet;
use words::{name, place_name, text};

/// Adds every fault that the schema finds.
pub(super) fn validate(loaded: &Loaded, report: &mut Report) {
    for error in loaded.schema().validator().iter_errors(loaded.value()) {
        if report.is_full() {
            report.push(Fault::error("schema", ""));
        } else {
            one(loaded, &error, report);
        }
    }
    fold(report);
    if report.is_empty() {
        report.push(loaded.aim(
            Fault::error("schema", "the document does not fit its schema"),
            "",
            true,
        ));
    }
}

/// A misspelt key leaves the right one missing: that is one mistake, not two.
fn fold(report: &mut Report) {
    let meant: HashSet<(String, String)> = report
        .faults()
        .iter()
        .filter(|fault| fault.code == "unknown-key")
        .filter_map(|fault| {
            let above = fault.pointer.as_deref()?.rsplit_once('/')?.0;
            let key = fault.label.as_deref()?.split('`').nth(1)?;
            Some((above.to_owned(), key.to_owned()))
        })
        .collect();
    report.retain(|fault| {
        let key = fault.message.split('`').nth(1).unwrap_or_default();
        let at = fault.pointer.clone().unwrap_or_default();
        fault.code != "missing-key" || !meant.contains(&(at, key.to_owned()))
    });
}

fn one(loaded: &Loaded, error: &ValidationError<'_>, report: &mut Report) {
    let at = error.instance_path().as_str();
    let name = name(at);
    let fault = |code, message: String| loaded.aim(Fault::error(code, message), at, false);
    let made = match error.kind() {
        Kind::OneOfNotValid { context } | Kind::AnyOf { context } => {
            return branch::choose(loaded, error, context, report);
        }
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            return unknown_keys(loaded, error, unexpected, report);
        }
        Kind::Required { property } => {
            missing(loaded, error, property.as_str().unwrap_or_default())
        }
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
        Kind::Pattern { pattern } => value::form(loaded, error, pattern),
        Kind::Format { format } => fault("format", format!("`{name}` is not a valid {format}")),
        Kind::Minimum { limit } => value::range(loaded, error, &format!("at least {limit}")),
        Kind::Maximum { limit } => value::range(loaded, error, &format!("at most {limit}")),
        Kind::ExclusiveMinimum { limit } => {
            value::range(loaded, error, &format!("more than {limit}"))
        }
        Kind::ExclusiveMaximum { limit } => {
            value::range(loaded, error, &format!("less than {limit}"))
        }
        Kind::MinLength { limit: 1 } => fault("length", format!("`{name}` must not be empty")),
        Kind::MinItems { limit: 1 } => {
            fault("length", format!("`{name}` must not be empty")).help("give it at least one item")
        }
        Kind::UniqueItems => {
            fault("unique", format!("`{name}` holds an item twice")).help("remove one of the two")
        }
        Kind::FalseSchema => {
            fault("unknown-key", format!("`{name}` is not allowed here")).help("take it out")
        }
        Kind::PropertyNames { .. } => loaded.aim(
            Fault::error(
                "key",
                format!("a key of {} does not have an allowed form", place_name(at)),
            ),
            at,
            true,
        ),
        _ => fault("schema", format!("`{name}`: {}", error.masked())),
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
    // A known key is left over only because its own value is wrong, which stands in the report already.
    for key in unexpected.iter().filter(|key| !known.contains(key)) {
        if report.is_full() {
            report.push(Fault::error("unknown-key", ""));
            continue;
        }
        let pointer = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        let message = format!("`{key}` is not a key of {}", place_name(at));
        let fault = loaded.aim(Fault::error("unknown-key", message), &pointer, true);
        let mut fault = value::suggest(fault, key, &known, &[], "keys");
        if fault.label.is_none()
            && let Some(section) = keys::elsewhere(loaded.schema(), at, key)
        {
            fault = fault.help(format!("it is a key of {}", place_name(&section)));
        }
        report.push(fault);
    }
}

fn missing(loaded: &Loaded, error: &ValidationError<'_>, key: &str) -> Fault {
    let at = error.instance_path().as_str();
    let message = format!("`{key}` is missing in {}", place_name(at));
    let fault = loaded.aim(Fault::error("missing-key", message), at, true);
    let owner = keys::owner(loaded.schema(), error);
    let own = owner.and_then(|n| n.value.pointer(&format!("/properties/{key}/const")));
    let wanted = own.map_or("…".to_owned(), text);
    fault.help(format!("add `{key}: {wanted}` here"))
}

/// Whether a fault is of a value that is empty only because its text could not be read.
pub(super) fn is_hole(loaded: &Loaded, fault: &Fault) -> bool {
    let value = fault
        .pointer
        .as_deref()
        .and_then(|p| loaded.value().pointer(p));
    fault.code == "missing-key" || fault.code == "type" && value == Some(&Value::Null)
}
