//! What loading needs of a schema, worked out once: which values are secret, and what is filled in.

mod build;
mod integers;

use std::{collections::HashSet, fmt::Write as _};

use serde_json::{Map, Value};

use crate::pointer;

/// What a schema says of a place that loading has to know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Annotations(u16);

impl Annotations {
    /// It is never shown.
    pub const SECRET: Self = Self(1);
    /// It is an address to connect to.
    pub const ENDPOINT: Self = Self(2);
    /// It is a PEM document.
    pub const PEM: Self = Self(4);
    /// It is bytes in base64.
    pub const BASE64: Self = Self(8);
    /// It is an item of a middleware list.
    pub const MIDDLEWARE: Self = Self(16);
    /// It is a duration, and nothing else is valid.
    pub const DURATION: Self = Self(128);
    /// It is a byte size, and nothing else is valid.
    pub const BYTE_SIZE: Self = Self(256);
    /// A default is filled in.
    const FILL: Self = Self(32);
    /// An integer is valid.
    const INTEGER: Self = Self(64);

    /// Whether one of the annotations is set.
    pub fn has(self, any: Self) -> bool {
        self.0 & any.0 != 0
    }

    /// The annotations of both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Every distinct place of a schema; the first is the document itself.
///
/// # Examples
///
/// ```
/// use carml_schema::{Documents, SchemaIndex};
/// use serde_json::json;
///
/// let schema = json!({
///     "properties": { "port": { "default": 80 }, "token": { "writeOnly": true } }
/// });
/// let documents = Documents::given("app.json", schema, &[]).unwrap();
/// let index = SchemaIndex::of(&documents, true);
/// assert!(index.is_secret("/token") && !index.is_secret("/port"));
/// ```
#[derive(Debug, Default)]
pub struct SchemaIndex(Vec<Entry>);

/// How many lists within lists are looked into for secrets.
const MAX_UNNAMED: usize = 8;

/// Takes the pointer of a map, the map, and a key of it.
type See<'a> = &'a mut dyn FnMut(&str, &mut Map<String, Value>, &str);

/// A value with annotations.
#[derive(Clone, Debug)]
pub struct Annotated<'v> {
    /// Where it is.
    pub pointer: String,
    /// What the schema says of it.
    pub annotations: Annotations,
    /// The value.
    pub value: &'v Value,
}

#[derive(Debug, Default)]
struct Entry {
    own: Annotations,
    /// Those of the values below, too.
    all: Annotations,
    /// Whether only a string is valid.
    is_text: bool,
    defaults: Vec<(String, Value)>,
    /// Sorted by name: there are few of them, and a search is cheaper than a hash.
    keys: Vec<(String, usize)>,
    others: Option<usize>,
    tuple: Vec<usize>,
    items: Option<usize>,
}

impl Entry {
    fn key(&self, key: &str) -> Option<usize> {
        self.named(key).or(self.others)
    }

    fn named(&self, key: &str) -> Option<usize> {
        let at = self
            .keys
            .binary_search_by(|(name, _)| name.as_str().cmp(key));
        at.ok().map(|at| self.keys[at].1)
    }

    fn item(&self, index: usize) -> Option<usize> {
        self.tuple.get(index).copied().or(self.items)
    }
}

impl SchemaIndex {
    /// Fills in the defaults of what is absent.
    pub fn fill(&self, value: &mut Value) {
        self.fill_at(0, value);
    }

    fn fill_at(&self, at: usize, value: &mut Value) {
        let entry = &self.0[at];
        if !entry.all.has(Annotations::FILL) {
            return;
        }
        match value {
            Value::Object(map) => {
                for (key, default) in &entry.defaults {
                    if !map.contains_key(key) {
                        map.insert(key.clone(), default.clone());
                    }
                }
                for (key, inner) in map {
                    if inner.is_object() || inner.is_array() {
                        let Some(below) = entry.key(key) else {
                            continue;
                        };
                        self.fill_at(below, inner);
                    }
                }
            }
            Value::Array(list) => {
                for (n, inner) in list.iter_mut().enumerate() {
                    if let Some(below) = entry.item(n) {
                        self.fill_at(below, inner);
                    }
                }
            }
            _ => {}
        }
    }

    /// Every value with one of the annotations, with its pointer.
    pub fn annotated<'v>(&self, value: &'v Value, any: Annotations) -> Vec<Annotated<'v>> {
        let mut found = Vec::new();
        if !self.0.is_empty() {
            self.annotated_at(0, value, any, &mut String::new(), &mut found);
        }
        found
    }

    fn annotated_at<'v>(
        &self,
        at: usize,
        value: &'v Value,
        any: Annotations,
        pointer: &mut String,
        found: &mut Vec<Annotated<'v>>,
    ) {
        let entry = &self.0[at];
        if entry.own.has(any) {
            found.push(Annotated {
                pointer: pointer.clone(),
                annotations: entry.own,
                value,
            });
        }
        let length = pointer.len();
        match value {
            Value::Object(map) => {
                for (key, inner) in map {
                    let below = entry.key(key).filter(|b| self.0[*b].all.has(any));
                    if let Some(below) = below {
                        step(pointer, key);
                        self.annotated_at(below, inner, any, pointer, found);
                        pointer.truncate(length);
                    }
                }
            }
            Value::Array(list) => {
                for (n, inner) in list.iter().enumerate() {
                    let below = entry.item(n).filter(|b| self.0[*b].all.has(any));
                    if let Some(below) = below {
                        let _ = write!(pointer, "/{n}");
                        self.annotated_at(below, inner, any, pointer, found);
                        pointer.truncate(length);
                    }
                }
            }
            _ => {}
        }
    }

    /// Calls `see` for every `KEY_file` of a value whose `KEY` is secret: with the pointer of its
    /// map, the map, and `KEY`.
    pub fn files(&self, value: &mut Value, see: See<'_>) {
        self.files_at(0, value, &mut String::new(), see);
    }

    fn files_at(&self, at: usize, value: &mut Value, pointer: &mut String, see: See<'_>) {
        let entry = &self.0[at];
        if !entry.all.has(Annotations::SECRET) {
            return;
        }
        let length = pointer.len();
        match value {
            Value::Object(map) => {
                let named = map.keys().filter_map(|key| {
                    let of = key.strip_suffix("_file")?;
                    let secret = self.0[entry.named(of)?].own.has(Annotations::SECRET);
                    (secret && entry.named(key).is_none()).then(|| of.to_owned())
                });
                for key in named.collect::<Vec<_>>() {
                    see(pointer, map, &key);
                }
                for (key, inner) in map {
                    if let Some(below) = entry.key(key) {
                        step(pointer, key);
                        self.files_at(below, inner, pointer, see);
                        pointer.truncate(length);
                    }
                }
            }
            Value::Array(list) => {
                for (n, inner) in list.iter_mut().enumerate() {
                    if let Some(below) = entry.item(n) {
                        step(pointer, &n.to_string());
                        self.files_at(below, inner, pointer, see);
                        pointer.truncate(length);
                    }
                }
            }
            _ => {}
        }
    }

    fn find(&self, pointer: &str) -> Option<&Entry> {
        let mut entry = self.0.first()?;
        for step in pointer::steps(pointer) {
            let index = step.parse().ok();
            let own = entry.named(&step);
            let next = own.or(index.and_then(|n| entry.item(n))).or(entry.others)?;
            entry = self.0.get(next)?;
        }
        Some(entry)
    }

    /// Whether the value of a pointer is secret, or holds a secret.
    pub fn contains_secret(&self, pointer: &str) -> bool {
        self.find(pointer)
            .is_some_and(|s| s.all.has(Annotations::SECRET))
    }

    /// Whether the value of a pointer is secret.
    pub fn is_secret(&self, pointer: &str) -> bool {
        self.find(pointer)
            .is_some_and(|s| s.own.has(Annotations::SECRET))
    }

    /// Every key that the schema names.
    pub fn names(&self) -> HashSet<&str> {
        let keys = self.0.iter().flat_map(|entry| &entry.keys);
        keys.map(|(key, _)| key.as_str()).collect()
    }

    /// Whether only a string is valid at a pointer.
    pub fn is_text(&self, pointer: &str) -> bool {
        self.find(pointer).is_some_and(|s| s.is_text)
    }

    /// Whether the schema knows a place.
    pub fn knows(&self, pointer: &str) -> bool {
        self.find(pointer).is_some()
    }

    /// The keys that the schema names at a place.
    pub fn keys_at(&self, pointer: &str) -> Vec<&str> {
        let keys = self.find(pointer).map(|entry| entry.keys.iter());
        let keys = keys.into_iter().flatten();
        keys.map(|(key, _)| key.as_str()).collect()
    }

    /// The keys whose values are secret, or hold secrets that no key names, such as the items of a
    /// list.
    pub fn secret_keys(&self) -> HashSet<&str> {
        self.keys_with(|at| self.is_exposed(at, 0))
    }

    /// The keys that have a secret in their values.
    pub fn bearing_keys(&self) -> HashSet<&str> {
        self.keys_with(|at| self.0[at].all.has(Annotations::SECRET))
    }

    fn keys_with(&self, has: impl Fn(usize) -> bool) -> HashSet<&str> {
        let named = self.0.iter().flat_map(|entry| &entry.keys);
        named
            .filter(|(_, at)| has(*at))
            .map(|(key, _)| key.as_str())
            .collect()
    }

    /// Whether a secret is here, or below without a key that names it.
    fn is_exposed(&self, at: usize, depth: usize) -> bool {
        let entry = &self.0[at];
        let mut below = entry.tuple.iter().chain(&entry.items).chain(&entry.others);
        entry.own.has(Annotations::SECRET)
            || depth < MAX_UNNAMED && below.any(|at| self.is_exposed(*at, depth + 1))
    }
}

/// Adds a key to a pointer.
fn step(pointer: &mut String, key: &str) {
    pointer.push('/');
    if key.contains(['~', '/']) {
        pointer.push_str(&pointer::escape(key));
    } else {
        pointer.push_str(key);
    }
}
