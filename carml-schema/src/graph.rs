//! JSON Schema without its drafts: references are edges, and every keyword has one form.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde_json::{Number, Value};

use crate::Scalar;

/// A schema's index in a [`Graph`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SchemaId(pub usize);

/// Every schema that the root reaches.
///
/// ```
/// use carml_schema::graph::{Graph, Schema};
///
/// let mut graph = Graph::default();
/// let port = graph.add(Schema {
///     place: "app.json#/properties/port".to_owned(),
///     ..Schema::default()
/// });
/// let mut app = Schema::default();
/// app.rules.properties.insert("port".to_owned(), port);
/// let app = graph.add(app);
///
/// let port = graph.get(app).rules.properties["port"];
/// assert_eq!(graph.get(port).place, "app.json#/properties/port");
/// assert!(graph.get(port).rules.is_unconstrained());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// The schemas, by [`SchemaId`].
    pub schemas: Vec<Schema>,
}

impl Graph {
    /// The schema of an id.
    pub fn get(&self, id: SchemaId) -> &Schema {
        &self.schemas[id.0]
    }

    /// Adds a schema.
    pub fn add(&mut self, schema: Schema) -> SchemaId {
        self.schemas.push(schema);
        SchemaId(self.schemas.len() - 1)
    }
}

/// One schema. What it does not constrain is empty.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    /// The document and the JSON pointer in it: `app.json#/properties/port`.
    pub place: String,
    /// The name of the definition or property that the schema belongs to.
    pub hint: String,
    /// Keywords that describe.
    pub about: About,
    /// Keywords that constrain.
    pub rules: Rules,
    /// The document has `x-carml-defaults: fill`.
    pub fill: bool,
    /// The target of `$ref`, `$dynamicRef` or `$recursiveRef`.
    pub reference: Option<SchemaId>,
    /// `allOf`.
    pub all_of: Vec<SchemaId>,
    /// `x-rust-type`.
    pub rust_type: Option<RustType>,
    /// `x-carml-type`.
    pub scalar: Option<Scalar>,
    /// Whether its values are secret, as far as it says so: see [`Node::secrecy`](crate::Node).
    pub secret: Option<bool>,
}

impl Schema {
    /// Whether it is one of the definitions of its document.
    pub fn is_definition(&self) -> bool {
        let mut path = self.place.rsplit('/').skip(1);
        matches!(path.next(), Some("definitions" | "$defs"))
    }
}

/// The keywords that describe a schema.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct About {
    /// `title`.
    pub title: Option<String>,
    /// `description`.
    pub description: Option<String>,
    /// `examples`.
    pub examples: Vec<Value>,
    /// `deprecated`.
    pub deprecated: bool,
    /// `default`.
    pub default: Option<Value>,
}

/// The keywords that constrain a value, without `allOf` and references.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rules {
    /// `type`; empty if any type is allowed.
    pub types: BTreeSet<InstanceType>,
    /// `enum`, or `const` as a list of one.
    pub values: Option<Vec<Value>>,
    /// `properties`.
    pub properties: IndexMap<String, SchemaId>,
    /// `patternProperties`.
    pub patterns: IndexMap<String, SchemaId>,
    /// `required`.
    pub required: BTreeSet<String>,
    /// `additionalProperties`.
    pub additional: Additional,
    /// `unevaluatedProperties`: like `additional`, but the keys of every subschema count as known.
    pub unevaluated: Additional,
    /// Every key is evaluated by a subschema, so none is left for `unevaluatedProperties`.
    pub open_over_all: bool,
    /// `propertyNames`.
    pub property_names: Option<SchemaId>,
    /// What a key requires when it is present.
    pub dependent: Vec<(String, Dependent)>,
    /// `prefixItems`, or the older list form of `items`.
    pub prefix: Vec<SchemaId>,
    /// Every item after the prefix.
    pub items: Option<SchemaId>,
    /// `unevaluatedItems`: every item that no subschema evaluates.
    pub unevaluated_items: Option<SchemaId>,
    /// Items are evaluated that neither `prefix` nor `items` shows, so `unevaluatedItems` may
    /// constrain none of them.
    pub items_over_all: bool,
    /// `contains`; more than one after schemas were merged.
    pub contains: Vec<SchemaId>,
    /// `uniqueItems`.
    pub unique: bool,
    /// `oneOf` and `anyOf`.
    pub unions: Vec<Union>,
    /// `not`.
    pub not: Vec<SchemaId>,
    /// `if`, `then`, `else`.
    pub conditions: Vec<Condition>,
    /// The limits of scalars and sizes.
    pub bounds: Bounds,
    /// There is a `format`: an annotation to some validators, an assertion to others.
    pub has_format: bool,
    /// A keyword constrains more than is represented here.
    pub incomplete: bool,
    /// The schema `false`.
    pub is_false: bool,
    /// Why a part of this schema could not be read.
    pub unsupported: Option<String>,
}

impl Rules {
    /// Every value is valid.
    pub fn is_unconstrained(&self) -> bool {
        let nothing = Self {
            open_over_all: self.open_over_all,
            items_over_all: self.items_over_all,
            ..Self::default()
        };
        *self == nothing
    }
}

/// `oneOf` (exclusive) or `anyOf`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Union {
    /// `oneOf`.
    pub exclusive: bool,
    /// The alternatives.
    pub branches: Vec<SchemaId>,
}

/// `if`, `then`, `else`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Condition {
    /// `if`.
    pub test: SchemaId,
    /// `then`.
    pub then: Option<SchemaId>,
    /// `else`.
    pub otherwise: Option<SchemaId>,
}

/// `dependentRequired`, `dependentSchemas`, `dependencies`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dependent {
    /// Other keys that are required.
    Keys(Vec<String>),
    /// A schema of the whole object.
    Schema(SchemaId),
}

/// The limits of scalars and sizes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bounds {
    /// `minimum`.
    pub minimum: Option<Number>,
    /// `maximum`.
    pub maximum: Option<Number>,
    /// `exclusiveMinimum`.
    pub above: Option<Number>,
    /// `exclusiveMaximum`.
    pub below: Option<Number>,
    /// `multipleOf`; more than one after schemas were merged.
    pub multiple_of: Vec<Number>,
    /// `pattern`; more than one after schemas were merged.
    pub patterns: Vec<String>,
    /// `minLength` and `maxLength`.
    pub length: Size,
    /// `minItems` and `maxItems`.
    pub items: Size,
    /// `minProperties` and `maxProperties`.
    pub keys: Size,
}

/// A minimum and a maximum count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Size {
    /// The minimum; 0 if there is none.
    pub min: u64,
    /// The maximum.
    pub max: Option<u64>,
}

impl Size {
    /// There is no limit.
    pub fn is_free(self) -> bool {
        self == Self::default()
    }

    /// Whether a count is within the limits.
    pub fn contains(self, count: u64) -> bool {
        count >= self.min && self.max.is_none_or(|max| count <= max)
    }

    /// Keeps the stricter of the limits of both.
    pub fn narrow(&mut self, other: Self) {
        self.min = self.min.max(other.min);
        self.max = match (self.max, other.max) {
            (Some(ours), Some(theirs)) => Some(ours.min(theirs)),
            (ours, theirs) => ours.or(theirs),
        };
    }
}

/// The types of JSON values, as JSON Schema names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InstanceType {
    /// `null`.
    Null,
    /// `boolean`.
    Boolean,
    /// `integer`.
    Integer,
    /// `number`.
    Number,
    /// `string`.
    String,
    /// `array`.
    Array,
    /// `object`.
    Object,
}

impl InstanceType {
    /// The type that `type` names.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "null" => Self::Null,
            "boolean" => Self::Boolean,
            "integer" => Self::Integer,
            "number" => Self::Number,
            "string" => Self::String,
            "array" => Self::Array,
            "object" => Self::Object,
            _ => return None,
        })
    }

    /// Whether a value is of this type.
    pub fn is_of(self, value: &Value) -> bool {
        match self {
            Self::Null => value.is_null(),
            Self::Boolean => value.is_boolean(),
            Self::Integer => value.as_f64().is_some_and(|number| number.fract() == 0.0),
            Self::Number => value.is_number(),
            Self::String => value.is_string(),
            Self::Array => value.is_array(),
            Self::Object => value.is_object(),
        }
    }
}

/// `additionalProperties`: keys that no other keyword names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Additional {
    /// Any key with any value.
    #[default]
    Open,
    /// No other key.
    Closed,
    /// Any key, with a value of this schema.
    Typed(SchemaId),
}

/// `x-rust-type`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RustType {
    /// The crate's name.
    pub krate: String,
    /// The type's path.
    pub path: String,
}
