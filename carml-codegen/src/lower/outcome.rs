//! What lowering reports beside the types.

/// How many types a module defines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Counts {
    /// Structs.
    pub structs: usize,
    /// Enums, untagged ones included.
    pub enums: usize,
}

/// A place that became `serde_json::Value`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Fallback {
    /// The document and the JSON pointer in it: `app.json#/properties/port`.
    pub pointer: String,
    /// Why.
    pub reason: String,
}

/// A default that would be filled in, but is not valid.
#[derive(Clone, Debug)]
pub(crate) struct InvalidDefault {
    /// The document and the JSON pointer of the default: `app.json#/properties/port/default`.
    pub(crate) pointer: String,
    pub(crate) reason: String,
}
