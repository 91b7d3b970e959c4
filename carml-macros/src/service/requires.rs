//! `requires(…)`: names of the key/value contract.

use super::parse::Requirement;
use crate::errors::{Errors, did_you_mean};

/// The calls of the key/value contract, by the names in the schema's capability table.
const CALLS: &[&str] = &[
    "put",
    "get",
    "delete",
    "exists",
    "watch",
    "watch_tree",
    "lock",
    "list",
    "delete_tree",
    "atomic_put",
    "atomic_delete",
    "lease",
    "transaction",
    "election",
    "close",
];

const SCOPES: &[&str] = &["process", "cluster"];

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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use carml_schema::Documents;

    #[test]
    fn the_calls_are_those_of_the_capability_table() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../schema/registry.json");
        let text = std::fs::read_to_string(file).expect("the schema");
        let schema = serde_json::from_str(&text).expect("JSON");
        let documents = Documents::given("registry.json", schema, &[]).expect("a schema");
        let capabilities = documents.root().capabilities().expect("the table");
        let table: BTreeSet<&str> = capabilities.calls().map(|call| call.name).collect();
        assert_eq!(table, super::CALLS.iter().copied().collect());
    }
}
