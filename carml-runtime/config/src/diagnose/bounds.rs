//! Numbers, strings, lists and mappings that are too large or too small.

use super::schema_lookup;
use crate::document::Document;
use carml_diagnostic::{Bound, Diagnostic, Kind, LengthBound, Unit, text, trusted};
use carml_schema::Limit;
use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Violation;

/// A value that is outside of a bound, or violates a constraint that has no message of its own.
pub(super) fn diagnostic(document: &Document, error: &ValidationError<'_>) -> Diagnostic {
    use LengthBound::{AtLeast, AtMost};
    let at = error.instance_path().as_str();
    let number = |bound| out_of_range(document, error, bound);
    let length = |bound| wrong_length(document, at, bound);
    match error.kind() {
        Violation::Minimum { limit } => number(Bound::AtLeast(limit.to_string())),
        Violation::Maximum { limit } => number(Bound::AtMost(limit.to_string())),
        Violation::ExclusiveMinimum { limit } => number(Bound::MoreThan(limit.to_string())),
        Violation::ExclusiveMaximum { limit } => number(Bound::LessThan(limit.to_string())),
        Violation::MultipleOf { multiple_of } => number(Bound::MultipleOf(multiple_of.to_string())),
        Violation::MinLength { limit } => length(AtLeast(*limit, Unit::Character)),
        Violation::MaxLength { limit } => length(AtMost(*limit, Unit::Character)),
        Violation::MinItems { limit } => length(AtLeast(*limit, Unit::Item)),
        Violation::MaxItems { limit } => length(AtMost(*limit, Unit::Item)),
        Violation::AdditionalItems { limit } => length(AtMost(*limit as u64, Unit::Item)),
        Violation::MinProperties { limit } => length(AtLeast(*limit, Unit::Key)),
        Violation::MaxProperties { limit } => length(AtMost(*limit, Unit::Key)),
        Violation::Contains => {
            let at = at.to_owned();
            let keyword = error.schema_path().as_str();
            let kind = match keyword.rsplit('/').next() {
                Some("minContains") => Kind::Constraint {
                    at,
                    problem: "not enough items have the required form".to_owned(),
                },
                Some("maxContains") => Kind::Constraint {
                    at,
                    problem: "too many items have the required form".to_owned(),
                },
                _ => Kind::NoMatchingItem { at },
            };
            document.locate(Diagnostic::new(kind), error.instance_path().as_str(), false)
        }
        _ => {
            let kind = Kind::Constraint {
                at: at.to_owned(),
                problem: error.masked().to_string(),
            };
            let diagnostic = document.locate(Diagnostic::new(kind), at, false);
            schema_lookup::describe(document.schema(), error, diagnostic)
        }
    }
}

/// A string, list or mapping that is too short or too long.
fn wrong_length(document: &Document, at: &str, bound: LengthBound) -> Diagnostic {
    let (bound, help) = match bound {
        LengthBound::AtLeast(1, unit) => {
            let help = match unit {
                Unit::Character => None,
                Unit::Item => Some("give it at least one item"),
                Unit::Key => Some("give it at least one key"),
            };
            (LengthBound::NotEmpty, help)
        }
        bound => (bound, None),
    };
    let kind = Kind::WrongLength {
        at: at.to_owned(),
        bound,
    };
    let diagnostic = document.locate(Diagnostic::new(kind), at, false);
    match help {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    }
}

/// A number outside of its range.
fn out_of_range(document: &Document, error: &ValidationError<'_>, bound: Bound) -> Diagnostic {
    let at = error.instance_path().as_str();
    let kind = Kind::OutOfRange {
        at: at.to_owned(),
        bound,
    };
    let mut diagnostic = document.locate(Diagnostic::new(kind), at, false);
    let owner = document.schema().owner(error);
    let limit = |limit| owner.as_ref().and_then(|node| node.limit(limit));
    if let (Some(low), Some(high)) = (limit(Limit::Minimum), limit(Limit::Maximum)) {
        diagnostic = diagnostic.label(text![trusted(format!("from {low} to {high}"))]);
    }
    schema_lookup::describe(document.schema(), error, diagnostic)
}
