//! JSON Schema without its drafts: references are edges, and every keyword has one form.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde_json::Value;

/// A schema's place in [`Graph`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct SchemaId(pub(crate) usize);

/// Every schema that the root reaches.
#[derive(Clone, Debug, Default)]
pub(crate) struct Graph {
    pub(crate) schemas: Vec<Schema>,
}

impl Graph {
    pub(crate) fn get(&self, id: SchemaId) -> &Schema {
        &self.schemas[id.0]
    }

    pub(crate) fn add(&mut self, schema: Schema) -> SchemaId {
        self.schemas.push(schema);
        SchemaId(self.schemas.len() - 1)
    }
}

/// One schema. What it does not constrain is empty.
#[derive(Clone, Debug, Default)]
pub(crate) struct Schema {
    /// The document and the JSON pointer in it.
    pub(crate) place: String,
    /// The last name on the way here: a definition's or a property's.
    pub(crate) hint: String,
    pub(crate) about: About,
    pub(crate) rules: Rules,
    /// The document asks for defaults to be filled in.
    pub(crate) fill: bool,
    pub(crate) reference: Option<SchemaId>,
    pub(crate) all_of: Vec<SchemaId>,
    pub(crate) rust_type: Option<RustType>,
    /// `x-carml-type`.
    pub(crate) scalar: Option<String>,
}

/// What a schema tells people.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct About {
    pub(crate) title: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) examples: Vec<Value>,
    pub(crate) deprecated: bool,
    pub(crate) default: Option<Value>,
}

/// What a schema asks of a value, its reference and its `allOf` apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Rules {
    pub(crate) types: BTreeSet<Kind>,
    /// `enum`, or `const` as a list of one.
    pub(crate) values: Option<Vec<Value>>,
    pub(crate) properties: IndexMap<String, SchemaId>,
    /// `patternProperties`.
    pub(crate) patterns: IndexMap<String, SchemaId>,
    pub(crate) required: BTreeSet<String>,
    pub(crate) additional: Additional,
    /// `unevaluatedProperties: false`: closed, with the keys of every part counted.
    pub(crate) closed_over_all: bool,
    /// Every key is one that a part speaks of, and so none is left for `unevaluatedProperties`.
    pub(crate) open_over_all: bool,
    pub(crate) property_names: Option<SchemaId>,
    /// What a key asks for when it is there.
    pub(crate) dependent: Vec<(String, Dependent)>,
    /// `prefixItems`, or the older list form of `items`.
    pub(crate) prefix: Vec<SchemaId>,
    /// Every item behind the prefix.
    pub(crate) items: Option<SchemaId>,
    pub(crate) contains: Option<SchemaId>,
    pub(crate) unique: bool,
    pub(crate) unions: Vec<Union>,
    pub(crate) not: Vec<SchemaId>,
    pub(crate) conditions: Vec<Condition>,
    pub(crate) bounds: Bounds,
    /// There is a `format`: a note to some validators, a rule to others.
    pub(crate) format: bool,
    /// A keyword asks for more than is said here.
    pub(crate) more: bool,
    /// The schema `false`.
    pub(crate) never: bool,
    /// Why a part of this schema could not be read.
    pub(crate) unread: Option<String>,
}

impl Rules {
    /// Every value keeps them.
    pub(crate) fn ask_nothing(&self) -> bool {
        let nothing = Self {
            open_over_all: self.open_over_all,
            ..Self::default()
        };
        *self == nothing
    }
}

/// `oneOf` (exclusive) or `anyOf`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Union {
    pub(crate) exclusive: bool,
    pub(crate) branches: Vec<SchemaId>,
}

/// `if`, `then`, `else`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Condition {
    pub(crate) test: SchemaId,
    pub(crate) then: Option<SchemaId>,
    pub(crate) otherwise: Option<SchemaId>,
}

/// `dependentRequired`, `dependentSchemas`, `dependencies`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Dependent {
    Keys(Vec<String>),
    Schema(SchemaId),
}

/// The limits of scalars and sizes.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Bounds {
    pub(crate) minimum: Option<f64>,
    pub(crate) maximum: Option<f64>,
    pub(crate) above: Option<f64>,
    pub(crate) below: Option<f64>,
    pub(crate) multiple_of: Option<f64>,
    pub(crate) patterns: Vec<String>,
    pub(crate) length: Size,
    pub(crate) items: Size,
    pub(crate) keys: Size,
}

/// How many at least, and at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) min: u64,
    pub(crate) max: Option<u64>,
}

impl Size {
    pub(crate) fn is_free(self) -> bool {
        self == Self::default()
    }

    pub(crate) fn narrow(&mut self, other: Self) {
        self.min = self.min.max(other.min);
        self.max = match (self.max, other.max) {
            (Some(ours), Some(theirs)) => Some(ours.min(theirs)),
            (ours, theirs) => ours.or(theirs),
        };
    }
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
