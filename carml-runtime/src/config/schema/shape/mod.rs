//! What loading needs of a schema, worked out once: which values are secret, and what is filled in.

mod build;

use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};

/// What a schema says of a place that loading has to know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::config) struct Marks(u8);

impl Marks {
    pub(in crate::config) const SECRET: Marks = Marks(1);
    pub(in crate::config) const ENDPOINT: Marks = Marks(2);
    pub(in crate::config) const PEM: Marks = Marks(4);
    pub(in crate::config) const BASE64: Marks = Marks(8);
    pub(in crate::config) const MIDDLEWARE: Marks = Marks(16);
    /// Something is filled in.
    const FILL: Marks = Marks(32);

    pub(in crate::config) fn has(self, any: Marks) -> bool {
        self.0 & any.0 != 0
    }

    pub(in crate::config) const fn and(self, other: Marks) -> Marks {
        Marks(self.0 | other.0)
    }
}

/// Every distinct place of a schema; the first is the document itself.
#[derive(Default)]
pub(in crate::config) struct Shapes(Vec<Shape>);

/// Takes the pointer of a map, the map, and a key of it.
type See<'a> = &'a mut dyn FnMut(&str, &mut Map<String, Value>, &str);

#[derive(Default)]
struct Shape {
    own: Marks,
    /// What stands here or below.
    all: Marks,
    /// Whether nothing but a text fits.
    text: bool,
    defaults: Vec<(String, Value)>,
    keys: HashMap<String, usize>,
    others: Option<usize>,
    tuple: Vec<usize>,
    items: Option<usize>,
}

impl Shape {
    fn key(&self, key: &str) -> Option<usize> {
        self.keys.get(key).copied().or(self.others)
    }

    fn item(&self, index: usize) -> Option<usize> {
        self.tuple.get(index).copied().or(self.items)
    }
}

impl Shapes {
    /// Fills in the defaults of what is absent.
    pub(in crate::config) fn fill(&self, value: &mut Value) {
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
                    if let Some(below) = shape.key(key) {
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

    /// The pointers of every value with one of the marks, with its marks.
    pub(in crate::config) fn marked(&self, value: &Value, any: Marks) -> Vec<(String, Marks)> {
        let mut found = Vec::new();
        if !self.0.is_empty() {
            self.marked_at(0, value, any, &mut String::new(), &mut found);
        }
        found
    }

    fn marked_at(
        &self,
        at: usize,
        value: &Value,
        any: Marks,
        pointer: &mut String,
        found: &mut Vec<(String, Marks)>,
    ) {
        let shape = &self.0[at];
        if shape.own.has(any) {
            found.push((pointer.clone(), shape.own));
        }
        if !shape.all.has(any) {
            return;
        }
        let length = pointer.len();
        match value {
            Value::Object(map) => {
                for (key, inner) in map {
                    if let Some(below) = shape.key(key) {
                        step(pointer, key);
                        self.marked_at(below, inner, any, pointer, found);
                        pointer.truncate(length);
                    }
                }
            }
            Value::Array(list) => {
                for (n, inner) in list.iter().enumerate() {
                    if let Some(below) = shape.item(n) {
                        step(pointer, &n.to_string());
                        self.marked_at(below, inner, any, pointer, found);
                        pointer.truncate(length);
                    }
                }
            }
            _ => {}
        }
    }

    /// Calls `see` for every `KEY_file` of a value whose `KEY` is secret: with the pointer of its map, the map, and `KEY`.
    pub(in crate::config) fn files(&self, value: &mut Value, see: See<'_>) {
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
                    let secret = self.0[*shape.keys.get(of)?].own.has(Marks::SECRET);
                    (secret && !shape.keys.contains_key(key)).then(|| of.to_owned())
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
            let own = shape.keys.get(&step).copied();
            let next = own.or(index.and_then(|n| shape.item(n))).or(shape.others)?;
            shape = self.0.get(next)?;
        }
        Some(shape)
    }

    /// Whether the value of a pointer is secret, or holds a secret.
    pub(in crate::config) fn hides(&self, pointer: &str) -> bool {
        self.find(pointer).is_some_and(|s| s.all.has(Marks::SECRET))
    }

    /// Whether the value of a pointer is secret.
    pub(in crate::config) fn secret(&self, pointer: &str) -> bool {
        self.find(pointer).is_some_and(|s| s.own.has(Marks::SECRET))
    }

    /// Every key that the schema names.
    pub(in crate::config) fn names(&self) -> HashSet<&str> {
        let keys = self.0.iter().flat_map(|shape| shape.keys.keys());
        keys.map(String::as_str).collect()
    }

    /// Whether nothing but a text fits at a pointer.
    pub(in crate::config) fn text(&self, pointer: &str) -> bool {
        self.find(pointer).is_some_and(|s| s.text)
    }

    /// The keys whose values are secret, by name alone.
    pub(in crate::config) fn secret_keys(&self) -> HashSet<&str> {
        let named = self.0.iter().flat_map(|shape| &shape.keys);
        named
            .filter(|(_, at)| self.0[**at].own.has(Marks::SECRET))
            .map(|(key, _)| key.as_str())
            .collect()
    }
}

/// Adds a key to a pointer.
fn step(pointer: &mut String, key: &str) {
    pointer.push('/');
    if key.contains(['~', '/']) {
        pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
    } else {
        pointer.push_str(key);
    }
}
