//! How far a value is from an alternative.

use super::super::schema_lookup;
use super::{Branch, Choice};
use carml_diagnostic::{distance, unescape_key};
use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Violation;

/// Why an alternative does not match: the nearest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mismatch {
    /// It is the right alternative, and something in it is wrong.
    Content,
    /// A key one level down names another alternative.
    WrongDiscriminator,
    /// The value as a whole is not what the alternative takes.
    WrongType,
}

/// Why an alternative does not match.
pub(super) fn of(branch: &Branch, choice: Choice<'_>) -> Mismatch {
    let each = branch
        .iter()
        .map(|e| match (depth_below(e, choice.at), e.kind()) {
            (0, Violation::Type { .. } | Violation::Constant { .. } | Violation::Enum { .. })
            | (0, Violation::FalseSchema | Violation::Not { .. }) => Mismatch::WrongType,
            (1, _) if discriminates(e, choice) => Mismatch::WrongDiscriminator,
            _ => Mismatch::Content,
        });
    each.max().unwrap_or(Mismatch::Content)
}

/// The alternative that was meant: the one with the least that is wrong.
pub(super) fn closest<'b>(choice: Choice<'b>) -> Option<&'b Branch> {
    let score = |branch: &Branch| {
        let errors: usize = branch.iter().map(count).sum();
        (of(branch, choice), errors)
    };
    let failing = choice.branches.iter().copied().filter(|b| !b.is_empty());
    let mut scored: Vec<_> = failing.map(|b| (score(b), b)).collect();
    let best = scored.iter().map(|s| s.0).min()?;
    scored.retain(|(score, _)| *score == best);
    if let [(_, one)] = scored[..] {
        return Some(one);
    }
    // Of those that are equal, the one whose keys the unknown ones are nearest to, then the one
    // that lacks least.
    let lacking = |branch: &Branch| {
        let lacks = |e: &&ValidationError<'_>| matches!(e.kind(), Violation::Required { .. });
        branch.iter().filter(lacks).count()
    };
    let far =
        |branch: &Branch| -> usize { branch.iter().map(|e| distance_of_keys(choice, e)).sum() };
    let closest = scored.iter().map(|s| s.1);
    closest.min_by_key(|b| (far(b), lacking(b)))
}

/// How far the unknown keys of an error are from those that are known.
fn distance_of_keys(choice: Choice<'_>, error: &ValidationError<'static>) -> usize {
    let Some(unexpected) = unexpected(error) else {
        return 0;
    };
    let known = schema_lookup::known(choice.document.schema(), error);
    let open = known
        .iter()
        .filter(|key| error.instance().get(key).is_none());
    let open: Vec<&str> = open.map(String::as_str).collect();
    let far = |key: &String| open.iter().map(|k| distance(key, k)).min();
    let some = unexpected.iter().take(20);
    some.map(|k| far(k).unwrap_or(k.len())).sum()
}

/// How many mistakes an error stands for.
fn count(error: &ValidationError<'static>) -> usize {
    unexpected(error).map_or(1, <[String]>::len)
}

fn unexpected<'e>(error: &'e ValidationError<'static>) -> Option<&'e [String]> {
    match error.kind() {
        Violation::AdditionalProperties { unexpected }
        | Violation::UnevaluatedProperties { unexpected } => Some(unexpected),
        _ => None,
    }
}

/// Whether an error says that another alternative was meant: a value one level down is not the
/// constant of this one, or not one of its values while another alternative takes it.
pub(super) fn discriminates(error: &ValidationError<'static>, choice: Choice<'_>) -> bool {
    let place = error.instance_path();
    let key = place.as_str().rsplit('/').next().unwrap_or_default();
    let key = unescape_key(key).into_owned();
    let refuses = |e: &ValidationError<'static>| match e.kind() {
        Violation::Required { .. } => false,
        _ => match unexpected(e) {
            Some(unexpected) => unexpected.contains(&key),
            None => place.as_str().starts_with(e.instance_path().as_str()),
        },
    };
    let taken = || !choice.branches.iter().all(|b| b.iter().any(refuses));
    let constant = match error.kind() {
        Violation::Constant { .. } => true,
        Violation::Enum { options } => {
            options.as_array().is_some_and(|all| all.len() == 1) || taken()
        }
        _ => false,
    };
    constant && depth_below(error, choice.at) == 1
}

/// How many levels below a pointer an error is.
pub(super) fn depth_below(error: &ValidationError<'static>, at: &str) -> usize {
    let depth = |pointer: &str| pointer.matches('/').count();
    depth(error.instance_path().as_str()).saturating_sub(depth(at))
}
