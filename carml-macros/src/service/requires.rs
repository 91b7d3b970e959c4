//! `requires(…)`: names of calls of the two stores.

use super::{
    generated::{CALLS, SCOPES, STORE_CALLS},
    parse::Requirement,
};
use crate::errors::{Errors, did_you_mean};

pub(super) fn check(requires: &[Requirement], errors: &mut Errors) {
    let mut seen = Vec::new();
    for requirement in requires {
        let (store, calls, prefix) = match requirement.of_store {
            true => ("object store", STORE_CALLS, "store."),
            false => ("key/value store", CALLS, ""),
        };
        let name = requirement.call.to_string();
        let call = format!("{prefix}{name}");
        if !calls.contains(&name.as_str()) {
            let near = did_you_mean(&name, calls);
            let help = if STORE_CALLS.contains(&name.as_str()) {
                format!("; the object store has: write `store.{name}`")
            } else if near.is_empty() {
                format!("; expected one of {}", calls.join(", "))
            } else {
                near
            };
            errors.push(
                &requirement.call,
                format_args!("the {store} has no call `{name}`{help}"),
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
