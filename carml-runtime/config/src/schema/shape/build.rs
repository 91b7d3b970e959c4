//! From a schema to its places.

use super::{Marks, Shape, Shapes};
use crate::schema::Schema;
use crate::schema::walk::{Part, child, item, keys};
use serde_json::Value;
use std::collections::HashMap;

/// More distinct places than any schema for people has; beyond them everything counts as secret.
const MOST: usize = 20_000;

impl Shapes {
    /// Works the places out; `all` fills defaults in also where the document does not ask for it.
    pub(crate) fn of(schema: &Schema, all: bool) -> Shapes {
        let mut build = Build {
            schema,
            all,
            known: HashMap::new(),
            heads: HashMap::new(),
            shapes: Vec::new(),
        };
        build.shape(&schema.top());
        let mut shapes = build.shapes;
        // Cycles: repeat until nothing changes.
        loop {
            let mut changed = false;
            for at in (0..shapes.len()).rev() {
                let shape = &shapes[at];
                let below = shape.keys.iter().map(|(_, at)| at).chain(&shape.others);
                let below = below.chain(&shape.tuple).chain(&shape.items);
                let all = below.fold(shape.own, |all, i| all.and(shapes[*i].all));
                changed |= all != shape.all;
                shapes[at].all = all;
            }
            if !changed {
                return Shapes(shapes);
            }
        }
    }
}

impl Marks {
    fn of(part: &Part<'_>) -> Marks {
        let says = |key: &str, what: &Value| part.node.value.get(key) == Some(what);
        let mut marks = match part.node.text("x-carml-type") {
            Some("secret") => Marks::SECRET,
            Some("endpoint") => Marks::ENDPOINT,
            Some("pem") => Marks::PEM.and(Marks::SECRET),
            Some("base64") => Marks::BASE64,
            _ => Marks::default(),
        };
        if says("format", &"password".into()) || says("writeOnly", &true.into()) {
            marks = marks.and(Marks::SECRET);
        }
        if part.node.value.get("x-carml-middleware").is_some() {
            marks = marks.and(Marks::MIDDLEWARE);
        }
        marks
    }
}

/// A set of parts, by their addresses.
type Name = Vec<(*const Value, bool)>;

fn name(parts: &[Part<'_>]) -> Name {
    let each = parts.iter();
    let mut name: Name = each
        .map(|p| (std::ptr::from_ref(p.node.value), p.sure))
        .collect();
    name.sort_unstable();
    name.dedup();
    name
}

struct Build<'a> {
    schema: &'a Schema,
    all: bool,
    known: HashMap<Name, usize>,
    /// The same, before the parts that they refer to are added: that takes long.
    heads: HashMap<Name, usize>,
    shapes: Vec<Shape>,
}

impl<'a> Build<'a> {
    fn shape(&mut self, parts: &[Part<'a>]) -> usize {
        let name = name(parts);
        if let Some(at) = self.known.get(&name) {
            return *at;
        }
        let at = self.shapes.len();
        self.known.insert(name, at);
        self.shapes.push(Shape {
            own: match at {
                MOST.. => Marks::SECRET,
                _ => parts
                    .iter()
                    .map(Marks::of)
                    .fold(Marks::default(), Marks::and),
            },
            text: parts
                .iter()
                .any(|p| p.sure && p.node.text("type") == Some("string")),
            ..Shape::default()
        });
        if at >= MOST {
            return at;
        }
        for key in keys(parts) {
            let own = child(parts, key);
            if let Some(default) = self.default(parts, &own, key) {
                self.shapes[at].defaults.push((key.to_owned(), default));
                self.shapes[at].own = self.shapes[at].own.and(Marks::FILL);
            }
            let below = self.below(own);
            self.shapes[at].keys.push((key.to_owned(), below));
        }
        self.shapes[at].keys.sort();
        // A key that no schema can name.
        let others = child(parts, "\u{0}");
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
            let below = self.below(item(parts, n));
            self.shapes[at].tuple.push(below);
        }
        let items = item(parts, usize::MAX);
        if !items.is_empty() {
            let below = self.below(items);
            self.shapes[at].items = Some(below);
        }
        at
    }

    fn below(&mut self, own: Vec<Part<'a>>) -> usize {
        let head = name(&own);
        if let Some(at) = self.heads.get(&head) {
            return *at;
        }
        let parts = self.schema.parts(own);
        let at = self.shape(&parts);
        self.heads.insert(head, at);
        at
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
