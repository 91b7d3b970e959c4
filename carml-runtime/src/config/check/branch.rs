//! Which branch of a `oneOf` or `anyOf` was meant.

use super::{Report, name, one, text, value_fault};
use crate::config::Loaded;
use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;

/// Adds the faults of the branch that was meant; if none was, the values that the branches allow.
pub(super) fn choose(
    loaded: &Loaded,
    error: &ValidationError<'_>,
    branches: &[Vec<ValidationError<'static>>],
    report: &mut Report,
) {
    let at = error.instance_path().as_str();
    let meant = branches
        .iter()
        .filter(|b| !b.is_empty())
        .min_by_key(|b| score(b, at));
    let constants: Vec<String> = branches.iter().flatten().flat_map(constants(at)).collect();
    match meant {
        Some(branch) if constants.is_empty() || score(branch, at).0 < 2 => {
            for error in branch {
                one(loaded, error, report);
            }
        }
        _ => {
            let name = name(at);
            report.push(value_fault(loaded, at, name, error.instance(), &constants));
        }
    }
}

/// Less is nearer: the wrong kind of value outright, then a wrong discriminator, then the number of faults.
fn score(branch: &[ValidationError<'static>], at: &str) -> (usize, usize) {
    let depth = at.matches('/').count();
    let worst = branch
        .iter()
        .map(|e| {
            let below = e.instance_path().as_str().matches('/').count()
                - depth.min(e.instance_path().as_str().matches('/').count());
            match (below, e.kind()) {
                (
                    0,
                    Kind::Type { .. }
                    | Kind::Constant { .. }
                    | Kind::Enum { .. }
                    | Kind::FalseSchema,
                ) => 3,
                (1, Kind::Constant { .. }) => 2,
                (0, Kind::Required { .. }) => 1,
                _ => 0,
            }
        })
        .max()
        .unwrap_or(0);
    (worst, branch.len())
}

/// The values that a branch's fault on the value itself names.
fn constants(at: &str) -> impl Fn(&ValidationError<'static>) -> Vec<String> {
    move |error| match error.kind() {
        Kind::Constant { expected_value } if error.instance_path().as_str() == at => {
            vec![text(expected_value)]
        }
        Kind::Enum { options } if error.instance_path().as_str() == at => options
            .as_array()
            .map(|a| a.iter().map(text).collect())
            .unwrap_or_default(),
        _ => Vec::new(),
    }
}
