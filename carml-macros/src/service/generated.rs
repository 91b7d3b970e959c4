// Generated from schema/registry.json and schema/store.json; do not edit.
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
/// The calls of the object store.
pub(super) const STORE_CALLS: &[&str] = &[
    "put",
    "get",
    "stat",
    "delete",
    "list",
    "create",
    "replace",
    "metadata",
    "presign",
    "uploads",
];
/// How far a call reaches.
pub(super) const SCOPES: &[&str] = &["process", "cluster"];
