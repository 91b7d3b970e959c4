//! Numbers, texts, lists and maps that are too large or too small.

use super::words::quoted;
use crate::Loaded;
use carml_diagnostic::{Code, Diagnostic};
use carml_schema::Limit;
use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;

/// A value that is outside of a limit.
pub(super) fn fault(loaded: &Loaded, error: &ValidationError<'_>) -> Diagnostic {
    let at = error.instance_path().as_str();
    let name = quoted(at);
    let length = |message: String| loaded.aim(Diagnostic::error(Code::Length, message), at, false);
    match error.kind() {
        Kind::Minimum { limit } => range(loaded, error, &format!("at least {limit}")),
        Kind::Maximum { limit } => range(loaded, error, &format!("at most {limit}")),
        Kind::ExclusiveMinimum { limit } => range(loaded, error, &format!("more than {limit}")),
        Kind::ExclusiveMaximum { limit } => range(loaded, error, &format!("less than {limit}")),
        Kind::MultipleOf { multiple_of } => {
            range(loaded, error, &format!("a multiple of {multiple_of}"))
        }
        Kind::MinLength { limit: 1 } => length(format!("{name} must not be empty")),
        Kind::MinLength { limit } => length(format!(
            "{name} must have at least {}",
            counted(*limit, "character")
        )),
        Kind::MaxLength { limit } => length(format!(
            "{name} must have at most {}",
            counted(*limit, "character")
        )),
        Kind::MinItems { limit: 1 } => {
            length(format!("{name} must not be empty")).help("give it at least one item")
        }
        Kind::MinItems { limit } => length(format!(
            "{name} must hold at least {}",
            counted(*limit, "item")
        )),
        Kind::MaxItems { limit } => length(format!(
            "{name} must hold at most {}",
            counted(*limit, "item")
        )),
        Kind::AdditionalItems { limit } => length(format!(
            "{name} must hold at most {}",
            counted(*limit as u64, "item")
        )),
        Kind::MinProperties { limit: 1 } => {
            length(format!("{name} must not be empty")).help("give it at least one key")
        }
        Kind::MinProperties { limit } => length(format!(
            "{name} must hold at least {}",
            counted(*limit, "key")
        )),
        Kind::MaxProperties { limit } => length(format!(
            "{name} must hold at most {}",
            counted(*limit, "key")
        )),
        Kind::Contains => {
            let message = format!("no item of {name} is of the form that one must have");
            loaded.aim(Diagnostic::error(Code::Schema, message), at, false)
        }
        _ => {
            let message = format!("{name}: {}", error.masked());
            let fault = Diagnostic::error(Code::Schema, message);
            let fault = loaded.aim(fault, at, false);
            let node = loaded.schema().owner(error);
            match node.and_then(|node| node.description()) {
                Some(about) => fault.note(about),
                None => fault,
            }
        }
    }
}

/// A number outside of its range.
fn range(loaded: &Loaded, error: &ValidationError<'_>, limit: &str) -> Diagnostic {
    let at = error.instance_path().as_str();
    let fault = Diagnostic::error(Code::Range, format!("{} must be {limit}", quoted(at)));
    let mut fault = loaded.aim(fault, at, false);
    let node = loaded.schema().owner(error);
    let bound = |limit| node.as_ref().and_then(|node| node.limit(limit));
    if let (Some(low), Some(high)) = (bound(Limit::Minimum), bound(Limit::Maximum)) {
        fault = fault.label(format!("from {low} to {high}"));
    }
    match node.and_then(|node| node.description()) {
        Some(about) => fault.note(about),
        None => fault,
    }
}

/// `1 item`, `2 items`.
fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
