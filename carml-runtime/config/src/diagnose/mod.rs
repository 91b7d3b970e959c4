//! What the validator found, as diagnostics that a person can act on.

mod bounds;
mod complexity;
mod enum_value;
mod fold;
mod format;
mod keys;
mod one_of;
mod schema_lookup;
mod type_mismatch;
mod wording;

use crate::document::Document;
use carml_diagnostic::{Code, Diagnostic, Kind, RawReport};
use complexity::Scope;
use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Violation;
use serde_json::Value;
use std::collections::HashSet;

/// Adds everything that the schema finds in a document that is not valid.
pub(crate) fn validate(document: &Document, report: &mut RawReport) {
    let scope = complexity::scope(document.schema(), document.value());
    let (value, cuts): (&Value, &[String]) = match &scope {
        Scope::Whole => (document.value(), &[]),
        Scope::Part(part, cuts) => (part, cuts),
        Scope::None => (&Value::Null, &[]),
    };
    let mut failed = HashSet::new();
    if !matches!(scope, Scope::None) {
        // A value of which a part was cut is not checked as a whole.
        let below = |cut: &str, at: &str| {
            let rest = cut.strip_prefix(at);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let whole = |at: &str| !cuts.iter().any(|cut| below(cut, at));
        let errors = document.schema().validator().iter_errors(value);
        for error in errors.filter(|e| whole(e.instance_path().as_str())) {
            if let Violation::OneOfNotValid { .. } | Violation::AnyOf { .. } = error.kind() {
                failed.insert(error.instance_path().as_str().to_owned());
            }
            diagnose(document, &error, report);
        }
    }
    fold::fold(report, &failed);
    if report.is_empty() {
        let too_many_alternatives = !matches!(scope, Scope::Whole);
        let diagnostic = Diagnostic::new(Kind::NoMatch {
            too_many_alternatives,
        });
        let diagnostic = if too_many_alternatives {
            diagnostic.note("it has too many values or alternatives to find the place")
        } else {
            diagnostic
        };
        report.push(document.locate(diagnostic, "", true));
    }
}

/// Adds what one error of the validator means.
fn diagnose(document: &Document, error: &ValidationError<'_>, report: &mut RawReport) {
    let at = error.instance_path().as_str();
    match error.kind() {
        Violation::OneOfNotValid { context } | Violation::AnyOf { context } => {
            one_of::choose(document, error, context, report);
        }
        Violation::AdditionalProperties { unexpected }
        | Violation::UnevaluatedProperties { unexpected } => {
            keys::unknown(document, error, unexpected, report);
        }
        Violation::UnevaluatedItems { unexpected } => {
            keys::unknown_items(document, error, unexpected, report);
        }
        kind => report.push_with(|| match kind {
            Violation::Required { .. } => keys::missing(document, error),
            Violation::Type { kind } => type_mismatch::diagnostic(document, error, kind),
            Violation::Enum { options } => {
                let all: Vec<&Value> = options.as_array().into_iter().flatten().collect();
                enum_value::not_allowed(document, at, error.instance(), &all, &[])
            }
            Violation::Constant { expected_value } => {
                enum_value::not_allowed(document, at, error.instance(), &[expected_value], &[])
            }
            Violation::Pattern { pattern } => {
                let pattern = document.schema().validator().pattern_as_written(pattern);
                format::pattern(document, error, pattern)
            }
            Violation::Format { format } => format::format(document, error, format),
            Violation::OneOfMultipleValid { .. } => one_of::several(document, error),
            Violation::Not { .. } => one_of::excluded(document, error),
            Violation::UniqueItems => {
                let kind = Kind::DuplicateItem { at: at.to_owned() };
                let diagnostic = document.locate(Diagnostic::new(kind), at, false);
                diagnostic.help("remove one of the two")
            }
            Violation::FalseSchema => keys::nothing_allowed(document, at),
            Violation::PropertyNames { error: inner } => keys::form(document, at, inner),
            _ => bounds::diagnostic(document, error),
        }),
    }
}

/// Whether a diagnostic is of a value that is empty only because its text could not be read.
pub(crate) fn is_hole(document: &Document, diagnostic: &Diagnostic) -> bool {
    let pointer = diagnostic.at_pointer();
    let value = pointer.and_then(|p| document.value().pointer(p));
    match diagnostic.code() {
        Code::MissingKey => true,
        Code::Type => value == Some(&Value::Null),
        _ => false,
    }
}
