//! What loading needs of a schema, worked out once: which values are secret, and what is filled in.

use super::Schema;
use super::walk::{Part, child, item, keys};
use serde_json::Value;
use std::collections::{HashMap, HashSet};

/// More distinct places than any schema for people has; beyond them everything counts as secret.
const MOST: usize = 20_000;

/// Every distinct place of a schema; the first is the document itself.
#[derive(Default)]
pub(in crate::config) struct Shapes(Vec<Shape>);

#[derive(Default)]
struct Shape {
    secret: bool,
    /// Whether a secret stands here or below.
    hides: bool,
    /// Whether something is filled in here or below.
    fills: bool,
    /// Whether nothing but a text fits.
    text: bool,
    defaults: Vec<(String, Value)>,
    keys: HashMap<String, usize>,
    others: Option<usize>,
    tuple: Vec<usize>,
    items: Option<usize>,
}

impl Shapes {
    /// Works the places out; `all` fills defaults in also where the document does not ask for it.
    pub(in crate::config) fn of(schema: &Schema, all: bool) -> Shapes {
        let mut build = Build {
            schema,
            all,
            known: HashMap::new(),
            shapes: Vec::new(),
        };
        build.shape(schema.top());
        let mut shapes = build.shapes;
        // Cycles: repeat until nothing changes.
        loop {
            let mut changed = false;
            for at in (0..shapes.len()).rev() {
                let below = |pick: fn(&Shape) -> bool| {
                    let s = &shapes[at];
                    let mut all = s
                        .keys
                        .values()
                        .chain(&s.others)
                        .chain(&s.tuple)
                        .chain(&s.items);
                    all.any(|i| pick(&shapes[*i]))
                };
                let hides = shapes[at].secret || below(|s| s.hides);
                let fills = !shapes[at].defaults.is_empty() || below(|s| s.fills);
                changed |= (hides, fills) != (shapes[at].hides, shapes[at].fills);
                shapes[at].hides = hides;
                shapes[at].fills = fills;
            }
            if !changed {
                return Shapes(shapes);
            }
        }
    }

    /// Fills in the defaults of what is absent.
    pub(in crate::config) fn fill(&self, value: &mut Value) {
        self.fill_at(0, value);
    }

    fn fill_at(&self, at: usize, value: &mut Value) {
        let shape = &self.0[at];
        if !shape.fills {
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
                    if let Some(below) = shape.keys.get(key).or(shape.others.as_ref()) {
                        self.fill_at(*below, inner);
                    }
                }
            }
            Value::Array(list) => {
                for (n, inner) in list.iter_mut().enumerate() {
                    if let Some(below) = shape.tuple.get(n).or(shape.items.as_ref()) {
                        self.fill_at(*below, inner);
                    }
                }
            }
            _ => {}
        }
    }

    /// Calls `see` with the pointer of every secret in a value.
    pub(in crate::config) fn secrets(&self, value: &Value) -> Vec<String> {
        let mut found = Vec::new();
        self.secrets_at(0, value, &mut String::new(), &mut found);
        found
    }

    fn secrets_at(&self, at: usize, value: &Value, pointer: &mut String, found: &mut Vec<String>) {
        let shape = &self.0[at];
        if shape.secret {
            found.push(pointer.clone());
        }
        if !shape.hides {
            return;
        }
        let length = pointer.len();
        match value {
            Value::Object(map) => {
                for (key, inner) in map {
                    if let Some(below) = shape.keys.get(key).or(shape.others.as_ref()) {
                        pointer.push('/');
                        pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
                        self.secrets_at(*below, inner, pointer, found);
                        pointer.truncate(length);
                    }
                }
            }
            Value::Array(list) => {
                for (n, inner) in list.iter().enumerate() {
                    if let Some(below) = shape.tuple.get(n).or(shape.items.as_ref()) {
                        pointer.push_str(&format!("/{n}"));
                        self.secrets_at(*below, inner, pointer, found);
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
            let index = step.parse::<usize>().ok();
            let next = shape
                .keys
                .get(&step)
                .or(index.and_then(|n| shape.tuple.get(n).or(shape.items.as_ref())))
                .or(shape.others.as_ref())?;
            shape = self.0.get(*next)?;
        }
        Some(shape)
    }

    /// Whether the value of a pointer is secret, or holds a secret.
    pub(in crate::config) fn hides(&self, pointer: &str) -> bool {
        self.find(pointer).is_some_and(|s| s.hides)
    }

    /// Whether the value of a pointer is secret.
    pub(in crate::config) fn secret(&self, pointer: &str) -> bool {
        self.find(pointer).is_some_and(|s| s.secret)
    }

    /// Whether nothing but a text fits at a pointer.
    pub(in crate::config) fn text(&self, pointer: &str) -> bool {
        self.find(pointer).is_some_and(|s| s.text)
    }

    /// The keys whose values are secret, by name alone.
    pub(in crate::config) fn secret_keys(&self) -> HashSet<&str> {
        let named = self.0.iter().flat_map(|shape| &shape.keys);
        named
            .filter(|(_, at)| self.0[**at].secret)
            .map(|(key, _)| key.as_str())
            .collect()
    }

    /// Whether a map at a pointer takes its key `key` from a file named by `key_file`.
    pub(in crate::config) fn from_file(&self, pointer: &str, key: &str) -> bool {
        self.find(pointer).is_some_and(|shape| {
            let own = shape.keys.contains_key(&format!("{key}_file"));
            !own && shape.keys.get(key).is_some_and(|at| self.0[*at].secret)
        })
    }
}

struct Build<'a> {
    schema: &'a Schema,
    all: bool,
    known: HashMap<Vec<(*const Value, bool)>, usize>,
    shapes: Vec<Shape>,
}

impl<'a> Build<'a> {
    fn shape(&mut self, parts: Vec<Part<'a>>) -> usize {
        let mut name: Vec<(*const Value, bool)> = parts
            .iter()
            .map(|p| (std::ptr::from_ref(p.node.value), p.sure))
            .collect();
        name.sort_unstable();
        if let Some(at) = self.known.get(&name) {
            return *at;
        }
        let at = self.shapes.len();
        self.known.insert(name, at);
        self.shapes.push(Shape {
            secret: at >= MOST || parts.iter().any(secret),
            text: parts
                .iter()
                .any(|p| p.sure && p.node.text("type") == Some("string")),
            ..Shape::default()
        });
        if at >= MOST {
            return at;
        }
        for key in keys(&parts) {
            let own = child(&parts, key);
            if let Some(default) = self.default(&parts, &own, key) {
                self.shapes[at].defaults.push((key.to_owned(), default));
            }
            let below = self.below(own);
            self.shapes[at].keys.insert(key.to_owned(), below);
        }
        // A key that no schema can name.
        let others = child(&parts, "\u{0}");
        if !others.is_empty() {
            let below = self.below(others);
            self.shapes[at].others = Some(below);
        }
        let longest = parts.iter().filter_map(|p| {
            let list = p
                .node
                .value
                .get("prefixItems")
                .or(p.node.value.get("items"))?;
            list.as_array().map(Vec::len)
        });
        for n in 0..longest.max().unwrap_or(0) {
            let below = self.below(item(&parts, n));
            self.shapes[at].tuple.push(below);
        }
        let items = item(&parts, usize::MAX);
        if !items.is_empty() {
            let below = self.below(items);
            self.shapes[at].items = Some(below);
        }
        at
    }

    fn below(&mut self, own: Vec<Part<'a>>) -> usize {
        let parts = self.schema.parts(own);
        self.shape(parts)
    }

    /// What stands for a key that is absent: a default that fits, of a key that is not required.
    fn default(&self, parts: &[Part<'a>], own: &[Part<'a>], key: &str) -> Option<Value> {
        let required = parts.iter().filter(|p| p.sure).any(|p| {
            let list = p.node.value.get("required").and_then(Value::as_array);
            list.is_some_and(|l| l.iter().any(|k| k == key))
        });
        if required {
            return None;
        }
        let asked = |p: &&Part<'_>| {
            p.sure && (self.all || p.node.document.get("x-carml-defaults") == Some(&"fill".into()))
        };
        let default = own
            .iter()
            .filter(asked)
            .find_map(|p| p.node.value.get("default"))?;
        let parts = self.schema.parts(own.iter().copied());
        parts
            .iter()
            .filter(|p| p.sure)
            .all(|p| fits(p.node.value, default))
            .then(|| default.clone())
    }
}

/// Whether a default is of the kind that its schema wants.
fn fits(schema: &Value, default: &Value) -> bool {
    let is = |kind: &str| match kind {
        "object" => default.is_object(),
        "array" => default.is_array(),
        "string" => default.is_string(),
        "integer" => default.as_f64().is_some_and(|n| n.fract() == 0.0),
        "number" => default.is_number(),
        "boolean" => default.is_boolean(),
        "null" => default.is_null(),
        _ => true,
    };
    let kind = match schema.get("type") {
        Some(Value::String(kind)) => is(kind),
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).any(is),
        _ => true,
    };
    let listed = schema.get("enum").and_then(Value::as_array);
    let constant = schema.get("const");
    kind && listed.is_none_or(|l| l.contains(default)) && constant.is_none_or(|c| c == default)
}

fn secret(part: &Part<'_>) -> bool {
    let says = |key: &str, what: &Value| part.node.value.get(key) == Some(what);
    says("x-carml-type", &"secret".into())
        || says("format", &"password".into())
        || says("writeOnly", &true.into())
}
