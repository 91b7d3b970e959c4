// Generated from schema/registry.json; do not edit.
/// The calls of the key/value contract.
pub(super) const CALLS: &[&str] = &[
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
/// How far a call reaches.
pub(super) const SCOPES: &[&str] = &["process", "cluster"];
