//! Which alternative of a `oneOf` or `anyOf` was meant.

mod allowed;
mod exclusion;
mod mismatch;
mod named_item;

pub(super) use exclusion::{excluded, several};

use super::wording::text as written;
use super::{diagnose, enum_value, keys, type_mismatch};
use crate::document::Document;
use allowed::Allowed;
use carml_diagnostic::{Diagnostic, Kind, RawReport, nearest, text, trusted};
use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Violation;
use mismatch::Mismatch;
use serde_json::Value;

/// What one alternative finds wrong; nothing, if it matches.
type Branch = Vec<ValidationError<'static>>;

/// An object that matches none of its alternatives.
#[derive(Clone, Copy)]
struct Choice<'a> {
    document: &'a Document,
    error: &'a ValidationError<'a>,
    branches: &'a [&'a Branch],
    /// Its JSON pointer.
    at: &'a str,
}

/// Adds what is wrong with the alternative that was meant; if none was, what the alternatives
/// allow.
pub(super) fn choose(
    document: &Document,
    error: &ValidationError<'_>,
    branches: &[Branch],
    report: &mut RawReport,
) {
    let branches = flattened(branches, error.instance_path().as_str());
    let choice = Choice {
        document,
        error,
        branches: &branches,
        at: error.instance_path().as_str(),
    };
    let strategies = [named_item::diagnostic, misspelt_value];
    if let Some(found) = strategies.iter().find_map(|strategy| strategy(choice)) {
        return report.push(found);
    }
    let Some(branch) = mismatch::closest(choice) else {
        return;
    };
    match mismatch::of(branch, choice) {
        Mismatch::WrongDiscriminator => report.push(unknown_discriminator(choice, branch)),
        Mismatch::Content => match lacking_key(choice, branch) {
            Some(found) => report.push(found),
            None => diagnose_all(choice, branch, report),
        },
        Mismatch::WrongType => wrong_type(choice, branch, report),
    }
}

/// The alternatives, those of an alternative that only has alternatives in its place.
fn flattened<'b>(branches: &'b [Branch], at: &str) -> Vec<&'b Branch> {
    let mut flat = Vec::new();
    for branch in branches {
        match &branch[..] {
            [error] if error.instance_path().as_str() == at => match error.kind() {
                Violation::OneOfNotValid { context } | Violation::AnyOf { context } => {
                    flat.extend(flattened(context, at));
                }
                _ => flat.push(branch),
            },
            _ => flat.push(branch),
        }
    }
    flat
}

fn diagnose_all(choice: Choice<'_>, branch: &Branch, report: &mut RawReport) {
    for error in branch {
        diagnose(choice.document, error, report);
    }
}

/// A string that is nearly one of those that the alternatives list.
fn misspelt_value(choice: Choice<'_>) -> Option<Diagnostic> {
    let instance = choice.error.instance();
    let Allowed { values, types } = Allowed::of(choice);
    let names: Vec<String> = values.iter().map(written).collect();
    nearest(instance.as_str()?, names.iter().map(String::as_str)).first()?;
    let values: Vec<&Value> = values.iter().collect();
    Some(enum_value::not_allowed(
        choice.document,
        choice.at,
        instance,
        &values,
        &types,
    ))
}

/// A discriminator that no alternative has: the values of all of them are allowed.
fn unknown_discriminator(choice: Choice<'_>, branch: &Branch) -> Diagnostic {
    let wrong = branch.iter().find(|e| mismatch::discriminates(e, choice));
    let at = wrong.map_or(choice.at, |e| e.instance_path().as_str());
    let values = allowed::constants(choice.branches, at);
    let found = wrong.map_or(choice.error.instance(), |e| e.instance());
    let values: Vec<&Value> = values.iter().collect();
    enum_value::not_allowed(choice.document, at, found, &values, &[])
}

/// Several alternatives that lack nothing but a key each: one of these keys is missing.
fn lacking_key(choice: Choice<'_>, branch: &Branch) -> Option<Diagnostic> {
    lacks(branch, choice.at)?;
    let lacking = choice.branches.iter();
    let lacking: Vec<&ValidationError<'_>> = lacking
        .filter_map(|branch| lacks(branch, choice.at))
        .collect();
    let [_, _, ..] = lacking[..] else {
        return None;
    };
    let mut misspelt = lacking.iter();
    if let Some(error) = misspelt.find(|e| keys::misspelt(choice.document, e).is_some()) {
        return Some(keys::missing(choice.document, error));
    }
    let names: Vec<String> = lacking
        .iter()
        .map(|e| keys::required(e).to_owned())
        .collect();
    let help = format!("add `{}: …` here", names[0]);
    let kind = Kind::MissingKey {
        keys: names,
        parent: choice.at.to_owned(),
    };
    let diagnostic = Diagnostic::new(kind).help(text![trusted(help)]);
    Some(choice.document.locate(diagnostic, choice.at, true))
}

/// A value of a type that no alternative takes, or one that is not among those listed.
fn wrong_type(choice: Choice<'_>, branch: &Branch, report: &mut RawReport) {
    let Allowed { values, types } = Allowed::of(choice);
    let failing = choice.branches.iter().filter(|b| !b.is_empty()).count();
    if values.is_empty() && failing == 1 {
        return diagnose_all(choice, branch, report);
    }
    let instance = choice.error.instance();
    if values.is_empty() && !types.is_empty() {
        let expected = types.join(" or ");
        let found = type_mismatch::mismatch(choice.document, choice.at, &expected, instance);
        return report.push(found);
    }
    let values: Vec<&Value> = values.iter().collect();
    report.push(enum_value::not_allowed(
        choice.document,
        choice.at,
        instance,
        &values,
        &types,
    ));
}

/// The error of an alternative that lacks nothing but a key.
fn lacks<'b>(branch: &'b Branch, at: &str) -> Option<&'b ValidationError<'static>> {
    match &branch[..] {
        [error] if mismatch::depth_below(error, at) == 0 => {
            matches!(error.kind(), Violation::Required { .. }).then_some(error)
        }
        _ => None,
    }
}
