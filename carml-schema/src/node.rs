//! One schema in a document, and what its keywords say.

use std::sync::Arc;

use referencing::{Draft, Resolver, Uri};
use serde_json::{Map, Number, Value};

use crate::{Documents, Scalar, draft, graph::InstanceType, own, scalar::Limit};

/// A schema in a document.
///
/// ```
/// use carml_schema::Documents;
/// use serde_json::json;
///
/// let schema = json!({
///     "title": "Shop",
///     "$defs": { "port": { "type": "integer", "examples": [80, 443] } }
/// });
/// let documents = Documents::given("app.json", schema, &[]).unwrap();
/// let root = documents.root();
/// assert_eq!(root.title(), Some("Shop"));
///
/// let port = root.resolve("#/$defs/port").unwrap();
/// assert_eq!(port.hint().as_deref(), Some("write it like `80`, `443`"));
/// ```
#[derive(Clone)]
pub struct Node<'a> {
    /// The schema itself: an object, `true` or `false`.
    pub value: &'a Value,
    /// The innermost schema around it that has an `$id`, else the document.
    pub(crate) resource: &'a Value,
    pub(crate) documents: &'a Documents,
    pub(crate) resolver: Resolver<'a>,
    pub(crate) draft: Draft,
}

impl std::fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Node").field(self.value).finish()
    }
}

impl<'a> Node<'a> {
    pub(crate) fn document(documents: &'a Documents, address: &Uri<String>) -> Option<Self> {
        Self::lookup(documents, address, "")
    }

    /// Used in place of a document that the resolver does not have.
    pub(crate) fn nothing(documents: &'a Documents, address: &Uri<String>, draft: Draft) -> Self {
        const NOTHING: &Value = &Value::Bool(true);
        Self {
            value: NOTHING,
            resource: NOTHING,
            documents,
            resolver: documents.registry().resolver(address.clone()),
            draft,
        }
    }

    fn lookup(documents: &'a Documents, base: &Uri<String>, reference: &str) -> Option<Self> {
        // A fresh resolver: what a reference means must not depend on the way to it.
        let resolver = documents.registry().resolver(base.clone());
        let (value, resolver, draft) = resolver.lookup(reference).ok()?.into_inner();
        let resource = match reference.split_once('#') {
            None | Some((_, "")) => value,
            Some(_) => resolver.lookup("").map_or(value, |found| found.contents()),
        };
        Some(Self {
            value,
            resource,
            documents,
            resolver,
            draft,
        })
    }

    /// What a reference names, seen from here.
    pub fn resolve(&self, reference: &str) -> Option<Self> {
        Self::lookup(self.documents, &self.resolver.base_uri(), reference)
    }

    /// A schema below this one; it may be a resource of its own.
    pub fn below(&self, value: &'a Value) -> Self {
        let same = || Self {
            value,
            ..self.clone()
        };
        let named = value.get(self.draft.id_keyword()).is_some();
        let draft = match value.get("$schema").and_then(Value::as_str) {
            Some(named) => draft::by_name(named).unwrap_or(self.draft),
            None if !named => return same(),
            None => self.draft,
        };
        let schema = draft.create_resource_ref(value);
        if schema.id().is_none() {
            return same();
        }
        match self.resolver.in_subresource(schema) {
            Ok(resolver) => Self {
                value,
                resource: value,
                documents: self.documents,
                resolver,
                draft,
            },
            Err(_) => same(),
        }
    }

    /// The URI of the innermost resource around the schema.
    pub fn address(&self) -> Arc<Uri<String>> {
        self.resolver.base_uri()
    }

    /// The draft that the schema is written in.
    pub fn draft(&self) -> Draft {
        self.draft
    }

    /// Identifies the schema among those of one [`Documents`].
    pub fn key(&self) -> usize {
        std::ptr::from_ref(self.value).addr()
    }

    /// Whether the schema is `false`: nothing is valid.
    pub fn is_false(&self) -> bool {
        *self.value == Value::Bool(false)
    }

    /// Whether CarML's own documents have it.
    pub fn is_own(&self) -> bool {
        self.resolver.base_uri().as_str().starts_with(own::PREFIX)
    }

    /// Whether CarML's rules hold for it: it is CarML's own, or says how its defaults are used.
    pub fn is_carml(&self) -> bool {
        self.is_own() || self.resource.get("x-carml-defaults").is_some()
    }

    /// A keyword that constrains. As in the validator, keywords that the draft does not have are
    /// ignored, and so are, up to draft-07, keywords beside a `$ref`.
    pub(crate) fn rule(&self, keyword: &str) -> Option<&'a Value> {
        let map = self.value.as_object()?;
        let value = map.get(keyword)?;
        let alone = keyword != "$ref"
            && draft::reference_stands_alone(self.draft)
            && map.get("$ref").is_some_and(Value::is_string);
        (self.draft.is_known_keyword(keyword) && !alone).then_some(value)
    }

    /// A keyword that describes.
    pub(crate) fn note(&self, keyword: &str) -> Option<&'a Value> {
        self.value.get(keyword)
    }

    fn text(&self, keyword: &str) -> Option<&'a str> {
        self.note(keyword)?.as_str()
    }
}

/// Keywords that describe, and annotations.
impl<'a> Node<'a> {
    /// `title`.
    pub fn title(&self) -> Option<&'a str> {
        self.text("title")
    }

    /// `description`.
    pub fn description(&self) -> Option<&'a str> {
        self.text("description")
    }

    /// `examples`, if there is a list of them.
    pub fn examples(&self) -> Option<&'a [Value]> {
        self.note("examples")?.as_array().map(Vec::as_slice)
    }

    /// What to write, by the examples: "write it like `5s`, `1m30s`".
    pub fn hint(&self) -> Option<String> {
        let examples = self.examples()?.iter().map(|example| match example {
            Value::String(text) => format!("`{text}`"),
            other => format!("`{other}`"),
        });
        let examples: Vec<String> = examples.collect();
        (!examples.is_empty()).then(|| format!("write it like {}", examples.join(", ")))
    }

    /// `default`.
    pub fn default(&self) -> Option<&'a Value> {
        self.note("default")
    }

    /// `deprecated`.
    pub fn is_deprecated(&self) -> bool {
        self.note("deprecated") == Some(&Value::Bool(true))
    }

    /// `format`.
    pub fn format(&self) -> Option<&'a str> {
        self.text("format")
    }

    /// `x-carml-type`.
    pub fn scalar(&self) -> Option<Scalar> {
        Scalar::from_name(self.text("x-carml-type")?)
    }

    /// Whether a value is secret: by its type, or as other tools mark it, by `format: password` or
    /// `writeOnly`.
    pub fn is_secret(&self) -> bool {
        self.secrecy() == Some(true)
    }

    /// Whether a value is secret, as far as the schema says so: `writeOnly: false` says that it is
    /// not, whatever its name sounds like.
    pub fn secrecy(&self) -> Option<bool> {
        let write_only = self.note("writeOnly").and_then(Value::as_bool);
        let marked = matches!(self.scalar(), Some(Scalar::Secret | Scalar::Pem))
            || self.format() == Some("password");
        if marked { Some(true) } else { write_only }
    }

    /// The path of `x-rust-type`.
    pub fn rust_type(&self) -> Option<&'a str> {
        self.note("x-rust-type")?.get("path")?.as_str()
    }

    /// Whether the document fills in defaults: `x-carml-defaults: fill`.
    pub fn fills_defaults(&self) -> bool {
        self.resource
            .get("x-carml-defaults")
            .and_then(Value::as_str)
            == Some("fill")
    }
}

/// Keywords that constrain the value itself.
impl<'a> Node<'a> {
    /// `type`, in the schema's order.
    pub fn types(&self) -> Vec<InstanceType> {
        match self.rule("type") {
            Some(Value::String(name)) => InstanceType::from_name(name).into_iter().collect(),
            Some(Value::Array(names)) => {
                let names = names.iter().filter_map(Value::as_str);
                names.filter_map(InstanceType::from_name).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The values of `enum` and `const`.
    pub fn constants(&self) -> impl Iterator<Item = &'a Value> {
        let listed = self.rule("enum").and_then(Value::as_array);
        listed.into_iter().flatten().chain(self.rule("const"))
    }

    /// Whether `type`, `enum` and `const` accept a value.
    pub fn accepts_kind(&self, value: &Value) -> bool {
        let is = |kind: &InstanceType| kind.is_of(value);
        let types = self.types();
        let listed = self.rule("enum").and_then(Value::as_array);
        (types.is_empty() || types.iter().any(is))
            && listed.is_none_or(|listed| listed.contains(value))
            && self.rule("const").is_none_or(|constant| constant == value)
    }

    /// `pattern`, as the schema has it.
    pub fn pattern(&self) -> Option<&'a str> {
        self.rule("pattern")?.as_str()
    }

    /// `uniqueItems`.
    pub fn has_unique_items(&self) -> bool {
        self.rule("uniqueItems") == Some(&Value::Bool(true))
    }

    /// The limits of numbers and sizes, as the schema has them.
    pub fn limits(&self) -> impl Iterator<Item = (Limit, &'a Number)> {
        Limit::ALL
            .into_iter()
            .filter_map(|limit| match self.rule(limit.keyword())? {
                Value::Number(number) => Some((limit, number)),
                _ => None,
            })
    }

    /// One of the limits.
    pub fn limit(&self, limit: Limit) -> Option<&'a Number> {
        self.limits()
            .find(|(found, _)| *found == limit)
            .map(|(_, number)| number)
    }

    /// `required`.
    pub fn required(&self) -> impl Iterator<Item = &'a str> {
        let keys = self.rule("required").and_then(Value::as_array);
        keys.into_iter().flatten().filter_map(Value::as_str)
    }

    /// The only key of `required`: what tells one alternative from the others, as middlewares have
    /// it.
    pub fn only_required(&self) -> Option<&'a str> {
        let mut keys = self.required();
        keys.next().filter(|_| keys.next().is_none())
    }

    /// Whether there is `properties`.
    pub fn has_properties(&self) -> bool {
        self.rule("properties").is_some()
    }

    /// The keys of `properties`.
    pub fn keys(&self) -> impl Iterator<Item = &'a str> {
        let properties = self.rule("properties").and_then(Value::as_object);
        properties
            .into_iter()
            .flat_map(Map::keys)
            .map(String::as_str)
    }

    /// The schema of one of `properties`.
    pub fn property(&self, key: &str) -> Option<Self> {
        let value = self.rule("properties")?.get(key)?;
        Some(self.below(value))
    }

    /// The keys of `patternProperties`.
    pub fn key_patterns(&self) -> impl Iterator<Item = &'a str> {
        let patterns = self.rule("patternProperties").and_then(Value::as_object);
        patterns.into_iter().flat_map(Map::keys).map(String::as_str)
    }

    /// The alternatives of `oneOf`.
    pub fn one_of(&self) -> impl Iterator<Item = Self> {
        let branches = self.rule("oneOf").and_then(Value::as_array);
        branches
            .into_iter()
            .flatten()
            .map(|branch| self.below(branch))
    }

    /// The schemas of `$defs`, and of `definitions`, as older drafts call it.
    pub fn definitions(&self) -> impl Iterator<Item = Self> {
        let maps = ["$defs", "definitions"].map(|keyword| self.note(keyword));
        let maps = maps.into_iter().flatten().filter_map(Value::as_object);
        maps.flat_map(Map::values).map(|schema| self.below(schema))
    }

    /// `not`.
    pub fn excluded(&self) -> Option<Self> {
        self.rule("not").map(|schema| self.below(schema))
    }

    /// `const`.
    pub fn constant(&self) -> Option<&'a Value> {
        self.rule("const")
    }
}
