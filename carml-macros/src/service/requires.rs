//! `requires(…)`: names of the key/value contract.

use super::{
    generated::{CALLS, SCOPES},
    parse::Requirement,
};
use crate::errors::{Errors, did_you_mean};

pub(super) fn check(requires: &[Requirement], errors: &mut Errors) {
    let mut seen = Vec::new();
    for requirement in requires {
        let call = requirement.call.to_string();
        if !CALLS.contains(&call.as_str()) {
            let near = did_you_mean(&call, CALLS);
            let help = if near.is_empty() {
                format!("; expected one of {}", CALLS.join(", "))
            } else {
                near
            };
            errors.push(
                &requirement.call,
                format_args!("the key/value store has no call `{call}`{help}"),
            );
        } else if seen.contains(&call) {
            errors.push(
                &requirement.call,
                format_args!("duplicate requirement `{call}`"),
            );
        }
        if let Some(scope) = &requirement.scope
            && !SCOPES.contains(&scope.to_string().as_str())
        {
            let near = did_you_mean(&scope.to_string(), SCOPES);
            let help = if near.is_empty() {
                "; expected `process` or `cluster`".to_owned()
            } else {
                near
            };
            errors.push(scope, format_args!("unknown scope `{scope}`{help}"));
        }
        seen.push(call);
    }
}
