//! JSON Schema without its drafts: references are edges, and every keyword has one form.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde_json::Value;

/// A schema's place in [`Graph`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct SchemaId(pub(crate) usize);

/// Every schema that the root reaches.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    pub(crate) schemas: Vec<Schema>,
}

impl Graph {
    pub(crate) fn get(&self, id: SchemaId) -> &Schema {
        &self.schemas[id.0]
    }
}

/// One schema. What it does not constrain is empty.
#[derive(Clone, Debug, Default)]
pub(crate) struct Schema {
    /// The document and the JSON pointer in it.
    pub(crate) place: String,
    /// The last name on the way here: a definition's or a property's.
    pub(crate) hint: String,
    pub(crate) title: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) deprecated: bool,
    pub(crate) default: Option<Value>,
    /// The document asks for defaults to be filled in.
    pub(crate) fill: bool,
    pub(crate) types: BTreeSet<Kind>,
    /// `enum`, or `const` as a list of one.
    pub(crate) values: Option<Vec<Value>>,
    pub(crate) properties: IndexMap<String, SchemaId>,
    pub(crate) required: BTreeSet<String>,
    pub(crate) additional: Additional,
    /// `patternProperties` are there: keys beside `properties` have rules of their own.
    pub(crate) patterned: bool,
    pub(crate) items: Option<SchemaId>,
    /// `prefixItems`, or the older list form of `items`, are there.
    pub(crate) tuple: bool,
    pub(crate) one_of: Vec<SchemaId>,
    pub(crate) any_of: Vec<SchemaId>,
    pub(crate) all_of: Vec<SchemaId>,
    pub(crate) reference: Option<SchemaId>,
    pub(crate) minimum: Option<f64>,
    pub(crate) rust_type: Option<RustType>,
    /// `x-carml-type`.
    pub(crate) scalar: Option<String>,
    /// Why a part of this schema could not be read.
    pub(crate) unread: Option<String>,
}

/// The types of JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Null,
    Boolean,
    Integer,
    Number,
    String,
    Array,
    Object,
}

/// Keys that no keyword names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Additional {
    #[default]
    Open,
    Closed,
    Typed(SchemaId),
}

/// `x-rust-type`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RustType {
    pub(crate) krate: String,
    pub(crate) path: String,
}
