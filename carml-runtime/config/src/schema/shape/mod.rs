//! What loading needs of a schema, worked out once: which values are secret, and what is filled in.

mod build;

use serde_json::{Map, Value};
use std::collections::HashSet;
use std::fmt::Write as _;

/// What a schema says of a place that loading has to know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks(u8);

impl Marks {
    pub(crate) const SECRET: Marks = Marks(1);
    pub(crate) const ENDPOINT: Marks = Marks(2);
    pub(crate) const PEM: Marks = Marks(4);
    pub(crate) const BASE64: Marks = Marks(8);
    pub(crate) const MIDDLEWARE: Marks = Marks(16);
    /// Something is filled in.
    const FILL: Marks = Marks(32);

    pub(crate) fn has(self, any: Marks) -> bool {
        self.0 & any.0 != 0
    }

    pub(crate) const fn and(self, other: Marks) -> Marks {
        Marks(self.0 | other.0)
    }
}

/// Every distinct place of a schema; the first is the document itself.
#[derive(Default)]
pub(crate) struct Shapes(Vec<Shape>);

/// Takes the pointer of a map, the map, and a key of it.
type See<'a> = &'a mut dyn FnMut(&str, &mut Map<String, Value>, &str);

/// A value that a schema has marked.
pub(crate) struct Marked<'v> {
    pub(crate) pointer: String,
    pub(crate) marks: Marks,
    pub(crate) value: &'v Value,
}

#[derive(Default)]
struct Shape {
    own: Marks,
    /// What stands here or below.
    all: Marks,
    /// Whether nothing but a text fits.
    text: bool,
    defaults: Vec<(String, Value)>,
    /// Sorted by name: there are few of them, and a search is cheaper than a hash.
    keys: Vec<(String, usize)>,
    others: Option<usize>,
    tuple: Vec<usize>,
    items: Option<usize>,
}

impl Shape {
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

impl Shapes {
    /// Fills in the defaults of what is absent.
    pub(crate) fn fill(&self, value: &mut Value) {
        self.fill_at(0, value);
    }

    fn fill_at(&self, at: usize, value: &mut Value) {
        let shape = &self.0[at];
        if !shape.all.has(Marks::FILL) {
            return;
        }
        match value {
            Value::Object(map) => {
                for (key, default) in &shape.defaults {
                    if !map.contains_key(key) {
                        map.insert(key.clone(), default.clone());
                    }
                }
                for (key, inner) in map {
                    if inner.is_object() || inner.is_array() {
                        let Some(below) = shape.key(key) else {
                            continue;
                        };
                        self.fill_at(below, inner);
                    }
                }
            }
            Value::Array(list) => {
                for (n, inner) in list.iter_mut().enumerate() {
                    if let Some(below) = shape.item(n) {
                        self.fill_at(below, inner);
                    }
                }
            }
            _ => {}
        }
    }

    /// Every value with one of the marks, with its pointer and marks.
    pub(crate) fn marked<'v>(&self, value: &'v Value, any: Marks) -> Vec<Marked<'v>> {
        let mut found = Vec::new();
        if !self.0.is_empty() {
            self.marked_at(0, value, any, &mut String::new(), &mut found);
        }
        found
    }

    fn marked_at<'v>(
        &self,
        at: usize,
        value: &'v Value,
        any: Marks,
        pointer: &mut String,
        found: &mut Vec<Marked<'v>>,
    ) {
        let shape = &self.0[at];
        if shape.own.has(any) {
            found.push(Marked {
                pointer: pointer.clone(),
                marks: shape.own,
                value,
            });
        }
        let length = pointer.len();
        match value {
            Value::Object(map) => {
                for (key, inner) in map {
                    let below = shape.key(key).filter(|b| self.0[*b].all.has(any));
                    if let Some(below) = below {
                        step(pointer, key);
                        self.marked_at(below, inner, any, pointer, found);
                        pointer.truncate(length);
                    }
                }
            }
            Value::Array(list) => {
                for (n, inner) in list.iter().enumerate() {
                    let below = shape.item(n).filter(|b| self.0[*b].all.has(any));
                    if let Some(below) = below {
                        let _ = write!(pointer, "/{n}");
                        self.marked_at(below, inner, any, pointer, found);
                        pointer.truncate(length);
                    }
                }
            }
            _ => {}
        }
    }

    /// Calls `see` for every `KEY_file` of a value whose `KEY` is secret: with the pointer of its map, the map, and `KEY`.
    pub(crate) fn files(&self, value: &mut Value, see: See<'_>) {
        self.files_at(0, value, &mut String::new(), see);
    }

    fn files_at(&self, at: usize, value: &mut Value, pointer: &mut String, see: See<'_>) {
        let shape = &self.0[at];
        if !shape.all.has(Marks::SECRET) {
            return;
        }
        let length = pointer.len();
        match value {
            Value::Object(map) => {
                let named = map.iter().filter(|(_, value)| value.is_string());
                let named = named.filter_map(|(key, _)| {
                    let of = key.strip_suffix("_file")?;
                    let secret = self.0[shape.named(of)?].own.has(Marks::SECRET);
                    (secret && shape.named(key).is_none()).then(|| of.to_owned())
                });
                for key in named.collect::<Vec<_>>() {
                    see(pointer, map, &key);
                }
                for (key, inner) in map {
                    if let Some(below) = shape.key(key) {
                        step(pointer, key);
                        self.files_at(below, inner, pointer, see);
                        pointer.truncate(length);
                    }
                }
            }
            Value::Array(list) => {
                for (n, inner) in list.iter_mut().enumerate() {
                    if let Some(below) = shape.item(n) {
                        step(pointer, &n.to_string());
                        self.files_at(below, inner, pointer, see);
                        pointer.truncate(length);
                    }
                }
            }
            _ => {}
        }
    }

    fn find(&self, pointer: &str) -> Option<&Shape> {
        let mut shape = self.0.first()?;
        for step in pointer.split('/').skip(1) {
            let step = step.replace("~1", "/").replace("~0", "~");
            let index = step.parse().ok();
            let own = shape.named(&step);
            let next = own.or(index.and_then(|n| shape.item(n))).or(shape.others)?;
            shape = self.0.get(next)?;
        }
        Some(shape)
    }

    /// Whether the value of a pointer is secret, or holds a secret.
    pub(crate) fn hides(&self, pointer: &str) -> bool {
        self.find(pointer).is_some_and(|s| s.all.has(Marks::SECRET))
    }

    /// Whether the value of a pointer is secret.
    pub(crate) fn secret(&self, pointer: &str) -> bool {
        self.find(pointer).is_some_and(|s| s.own.has(Marks::SECRET))
    }

    /// Every key that the schema names.
    pub(crate) fn names(&self) -> HashSet<&str> {
        let keys = self.0.iter().flat_map(|shape| &shape.keys);
        keys.map(|(key, _)| key.as_str()).collect()
    }

    /// Whether nothing but a text fits at a pointer.
    pub(crate) fn text(&self, pointer: &str) -> bool {
        self.find(pointer).is_some_and(|s| s.text)
    }

    /// The keys whose values are secret, by name alone.
    pub(crate) fn secret_keys(&self) -> HashSet<&str> {
        let named = self.0.iter().flat_map(|shape| &shape.keys);
        named
            .filter(|(_, at)| self.0[*at].own.has(Marks::SECRET))
            .map(|(key, _)| key.as_str())
            .collect()
    }
}

/// Adds a key to a pointer.
fn step(pointer: &mut String, key: &str) {
    pointer.push('/');
    if key.contains(['~', '/']) {
        pointer.push_str(&carml_diagnostic::escape_key(key));
    } else {
        pointer.push_str(key);
    }
}
