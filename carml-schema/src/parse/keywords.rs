//! The keywords of one schema object.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::names::singular;
use crate::{
    Node, Scalar,
    graph::{
        About, Additional, Condition, Dependent, InstanceType, Rules, RustType, Schema, SchemaId,
        Size, Union,
    },
    pointer::escape,
};

type Object = Map<String, Value>;

/// The keywords that count in a schema's draft.
#[derive(Clone, Copy)]
struct Keywords<'n, 'a>(&'n Node<'a>);

impl<'a> Keywords<'_, 'a> {
    fn get(self, keyword: &str) -> Option<&'a Value> {
        self.0.rule(keyword)
    }

    fn contains_key(self, keyword: &str) -> bool {
        self.get(keyword).is_some()
    }
}

/// What tells people or generators something, and constrains nothing.
pub(super) fn annotations(schema: &mut Schema, object: &Object) {
    let text = |key: &str| object.get(key).and_then(Value::as_str).map(str::to_owned);
    schema.about = About {
        title: text("title"),
        description: text("description"),
        examples: object
            .get("examples")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default(),
        deprecated: object.get("deprecated") == Some(&Value::Bool(true)),
        default: object.get("default").cloned(),
    };
    schema.scalar = text("x-carml-type").and_then(|name| Scalar::from_name(&name));
    schema.rust_type = object.get("x-rust-type").and_then(|value| {
        Some(RustType {
            krate: value.get("crate")?.as_str()?.to_owned(),
            path: value.get("path")?.as_str()?.to_owned(),
        })
    });
}

/// The keywords that hold no schema.
pub(super) fn rules(rules: &mut Rules, node: &Node<'_>) {
    let object = Keywords(node);
    rules.types = match object.get("type") {
        Some(Value::String(name)) => InstanceType::from_name(name).into_iter().collect(),
        Some(Value::Array(names)) => names
            .iter()
            .filter_map(Value::as_str)
            .filter_map(InstanceType::from_name)
            .collect(),
        _ => Default::default(),
    };
    rules.values = match (object.get("const"), object.get("enum")) {
        (Some(value), _) => Some(vec![value.clone()]),
        (None, Some(Value::Array(values))) => {
            let mut seen = HashSet::new();
            let new = values.iter().filter(|value| seen.insert(*value));
            Some(new.cloned().collect())
        }
        _ => None,
    };
    rules.required = texts(object.get("required")).into_iter().collect();
    rules.has_format = object.contains_key("format");
    rules.unique = object.get("uniqueItems") == Some(&Value::Bool(true));
    rules.open_over_all = ["unevaluatedProperties", "additionalProperties"]
        .iter()
        .any(|key| match object.get(key) {
            Some(Value::Object(rest)) => rest.is_empty(),
            rest => rest == Some(&Value::Bool(true)),
        });
    rules.incomplete = ["minContains", "maxContains"]
        .iter()
        .any(|key| object.contains_key(key));
    let number = |key: &str| object.get(key).and_then(Value::as_number).cloned();
    let bounds = &mut rules.bounds;
    bounds.minimum = number("minimum");
    bounds.maximum = number("maximum");
    bounds.above = number("exclusiveMinimum");
    bounds.below = number("exclusiveMaximum");
    // Draft 4 says it by a flag beside the bound.
    if object.get("exclusiveMinimum") == Some(&Value::Bool(true)) {
        bounds.above = bounds.minimum.take();
    }
    if object.get("exclusiveMaximum") == Some(&Value::Bool(true)) {
        bounds.below = bounds.maximum.take();
    }
    let step = number("multipleOf").filter(|step| step.as_f64() > Some(0.0));
    bounds.multiple_of = step.into_iter().collect();
    let pattern = object.get("pattern").and_then(Value::as_str);
    bounds.patterns = pattern.map(str::to_owned).into_iter().collect();
    bounds.length = size(object, "minLength", "maxLength");
    bounds.items = size(object, "minItems", "maxItems");
    bounds.keys = size(object, "minProperties", "maxProperties");
    for keyword in ["dependentRequired", "dependencies"] {
        for (key, asked) in object
            .get(keyword)
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            if asked.is_array() {
                let keys = Dependent::Keys(texts(Some(asked)));
                rules.dependent.push((key.clone(), keys));
            }
        }
    }
}

/// Branches of a `oneOf` in draft-04 that have nothing but a `const`, which that draft does not
/// have. Each branch accepts anything, so the `oneOf` accepts nothing. The author meant the listed
/// values: the type allows these.
pub(super) fn meant_constants(node: &Node<'_>) -> Vec<usize> {
    let branches: Vec<Node<'_>> = node.one_of().collect();
    let only_constant = |branch: &Node<'_>| {
        let keywords = branch.value.as_object().into_iter().flatten();
        branch.note("const").is_some()
            && !keywords
                .into_iter()
                .any(|(key, _)| branch.rule(key).is_some())
    };
    match branches.len() > 1 && branches.iter().all(only_constant) {
        true => branches.iter().map(Node::key).collect(),
        false => Vec::new(),
    }
}

fn texts(list: Option<&Value>) -> Vec<String> {
    let items = list.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn size(object: Keywords<'_, '_>, min: &str, max: &str) -> Size {
    // `2.0` is an integer too.
    let whole = |key: &str| {
        let number = object.get(key)?.as_f64()?;
        (0.0..9e15).contains(&number).then_some(number as u64)
    };
    Size {
        min: whole(min).unwrap_or(0),
        max: whole(max),
    }
}

/// Nobody writes an object with more properties than this.
const MAX_PROPERTIES: usize = 10_000;

/// The schemas that a schema holds.
pub(super) struct Children<'n, 'a, F> {
    pub(super) node: &'n Node<'a>,
    pub(super) hint: &'n str,
    /// The schema at a path below this one.
    pub(super) id: F,
}

impl<'a, F: FnMut(&str, &'a Value, &str) -> SchemaId> Children<'_, 'a, F> {
    fn get(&self, keyword: &str) -> Option<&'a Value> {
        self.node.rule(keyword)
    }

    pub(super) fn applicators(&mut self, rules: &mut Rules) {
        let properties = self.map("properties");
        if properties.len() > MAX_PROPERTIES {
            rules.unsupported = Some("it has too many properties".to_owned());
            return;
        }
        for (name, value) in properties {
            let id = (self.id)(&format!("properties/{}", escape(name)), value, name);
            rules.properties.insert(name.to_owned(), id);
        }
        for (pattern, value) in self.map("patternProperties") {
            let path = format!("patternProperties/{}", escape(pattern));
            let id = (self.id)(&path, value, &format!("{}_value", self.hint));
            rules.patterns.insert(pattern.to_owned(), id);
        }
        rules.additional = self.rest("additionalProperties");
        rules.unevaluated = self.rest("unevaluatedProperties");
        rules.property_names = self.one("propertyNames", &format!("{}_key", self.hint));
        for keyword in ["dependentSchemas", "dependencies"] {
            for (key, value) in self.map(keyword) {
                if value.is_array() {
                    continue;
                }
                let id = (self.id)(&format!("{keyword}/{}", escape(key)), value, self.hint);
                rules
                    .dependent
                    .push((key.to_owned(), Dependent::Schema(id)));
            }
        }
        self.arrays(rules);
        for (keyword, exclusive) in [("oneOf", true), ("anyOf", false)] {
            let branches = self.list(keyword);
            if !branches.is_empty() {
                rules.unions.push(Union {
                    exclusive,
                    branches,
                });
            }
        }
        rules.not.extend(self.one("not", self.hint));
        if let Some(test) = self.one("if", self.hint) {
            let then = self.one("then", self.hint);
            let otherwise = self.one("else", self.hint);
            if then.is_some() || otherwise.is_some() {
                rules.conditions.push(Condition {
                    test,
                    then,
                    otherwise,
                });
            } else {
                // It requires nothing, but the keys and items that it names are evaluated.
                rules.open_over_all = true;
                rules.items_over_all = true;
            }
        }
    }

    fn arrays(&mut self, rules: &mut Rules) {
        let item = singular(self.hint);
        rules.prefix = self.list_as("prefixItems", &item);
        let mut rest = "items";
        if matches!(self.get("items"), Some(Value::Array(_))) {
            rules.prefix = self.list_as("items", &item);
            rest = "additionalItems";
        }
        rules.items = self.one(rest, &item);
        rules.unevaluated_items = self.one("unevaluatedItems", &item);
        let present = |keyword: &str| self.get(keyword).is_some();
        rules.items_over_all =
            present(rest) || present("unevaluatedItems") && rules.unevaluated_items.is_none();
        // `minContains: 0` requires nothing; other counts are left to validation.
        if self.get("minContains").and_then(Value::as_f64) != Some(0.0) {
            rules.contains.extend(self.one("contains", &item));
        } else {
            rules.items_over_all |= present("contains");
        }
    }

    pub(super) fn list(&mut self, keyword: &str) -> Vec<SchemaId> {
        self.list_as(keyword, self.hint)
    }

    fn list_as(&mut self, keyword: &str, hint: &str) -> Vec<SchemaId> {
        let list = self.get(keyword).and_then(Value::as_array);
        let list = list.into_iter().flatten().enumerate();
        list.map(|(index, value)| (self.id)(&format!("{keyword}/{index}"), value, hint))
            .collect()
    }

    /// A keyword for the keys that no other keyword names.
    fn rest(&mut self, keyword: &str) -> Additional {
        match self.get(keyword) {
            Some(value @ Value::Object(object)) if !object.is_empty() => {
                let hint = format!("{}_value", self.hint);
                Additional::Typed((self.id)(keyword, value, &hint))
            }
            Some(Value::Bool(false)) => Additional::Closed,
            _ => Additional::Open,
        }
    }

    /// A keyword with one schema; `true` and `{}` constrain nothing.
    fn one(&mut self, keyword: &str, hint: &str) -> Option<SchemaId> {
        let value = self.get(keyword)?;
        let constrains = match value {
            Value::Object(_) | Value::Bool(false) => true,
            Value::Bool(true) => matches!(keyword, "if" | "not" | "contains"),
            _ => false,
        };
        constrains.then(|| (self.id)(keyword, value, hint))
    }

    fn map(&self, keyword: &str) -> Vec<(&'a str, &'a Value)> {
        let map = self.get(keyword).and_then(Value::as_object);
        map.into_iter()
            .flatten()
            .map(|(key, value)| (key.as_str(), value))
            .collect()
    }
}
