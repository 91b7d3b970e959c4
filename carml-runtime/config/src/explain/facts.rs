//! What a schema says about one place, in words.

use crate::schema::{Part, Schema, item};
use serde_json::Value;

/// What there is to know about a key.
#[derive(Default)]
pub(crate) struct Facts {
    pub(crate) description: Option<String>,
    /// The name of the value's form, such as `Duration`, with its own description.
    pub(crate) form: Option<(String, Option<String>)>,
    pub(crate) kind: String,
    pub(crate) default: Option<Value>,
    pub(crate) constraints: Vec<String>,
    /// The values that are allowed, each with what it means.
    pub(crate) allowed: Vec<(String, Option<String>)>,
    pub(crate) examples: Vec<String>,
    pub(crate) secret: bool,
    pub(crate) deprecated: bool,
}

impl Facts {
    pub(crate) fn of(schema: &Schema, parts: &[Part<'_>]) -> Facts {
        let mut facts = Facts::default();
        for part in parts {
            facts.read(part);
        }
        facts.kind = kind(schema, parts, 0);
        facts
    }

    fn read(&mut self, part: &Part<'_>) {
        let node = part.node;
        let says = |key: &str, what: &Value| node.value.get(key) == Some(what);
        self.secret |= says("x-carml-type", &"secret".into())
            || says("format", &"password".into())
            || says("writeOnly", &true.into());
        self.deprecated |= says("deprecated", &true.into());
        self.choices(part);
        if !part.sure {
            return;
        }
        let about = node.text("description").map(str::to_owned);
        if self.description.is_none() {
            self.description.clone_from(&about);
        }
        let plain = !says("type", &"object".into()) && !says("type", &"array".into());
        if let (None, Some(title), true) = (&self.form, node.text("title"), plain) {
            let about = about.filter(|a| Some(a) != self.description.as_ref());
            self.form = Some((title.to_owned(), about));
        }
        if self.default.is_none() {
            self.default = node.value.get("default").cloned();
        }
        if let (true, Some(list)) = (
            self.examples.is_empty(),
            node.value.get("examples").and_then(Value::as_array),
        ) {
            self.examples = list.iter().map(shown).collect();
        }
        self.limits(node.value);
    }

    /// Constants, of the value itself and of its branches.
    fn choices(&mut self, part: &Part<'_>) {
        let node = part.node;
        let about = node.text("description").filter(|_| !part.sure);
        let listed = node.value.get("enum").and_then(Value::as_array);
        let constant = node.value.get("const");
        for value in listed.into_iter().flatten().chain(constant) {
            let choice = shown(value);
            if !self.allowed.iter().any(|(known, _)| *known == choice) {
                self.allowed.push((choice, about.map(str::to_owned)));
            }
        }
        // `{ key: … }` with one required key is a choice too, as middlewares have it.
        if let (false, Some([Value::String(key)])) = (
            part.sure,
            node.value
                .get("required")
                .and_then(Value::as_array)
                .map(Vec::as_slice),
        ) {
            self.allowed
                .push((format!("{key}: …"), about.map(str::to_owned)));
        }
    }

    fn limits(&mut self, schema: &Value) {
        let phrases = [
            ("minimum", "at least #"),
            ("maximum", "at most #"),
            ("exclusiveMinimum", "more than #"),
            ("exclusiveMaximum", "less than #"),
            ("multipleOf", "a multiple of #"),
            ("minLength", "of at least # characters"),
            ("maxLength", "of at most # characters"),
            ("minItems", "of at least # items"),
            ("maxItems", "of at most # items"),
            ("minProperties", "of at least # keys"),
            ("maxProperties", "of at most # keys"),
        ];
        for (keyword, words) in phrases {
            match schema.get(keyword).filter(|l| l.is_number()) {
                Some(limit)
                    if ["minLength", "minItems", "minProperties"].contains(&keyword)
                        && *limit == 1 =>
                {
                    self.constrain("not empty".to_owned());
                }
                Some(limit) => self.constrain(words.replace('#', &limit.to_string())),
                None => {}
            }
        }
        if schema.get("uniqueItems") == Some(&true.into()) {
            self.constrain("without repeated items".to_owned());
        }
        // A form with a name and examples says it better than its pattern.
        let named = schema.get("x-carml-type").is_some() || schema.get("examples").is_some();
        if let (Some(pattern), false) = (schema.get("pattern").and_then(Value::as_str), named) {
            self.constrain(format!("of the form `{pattern}`"));
        }
        if let Some(format) = schema.get("format").and_then(Value::as_str) {
            self.constrain(format!("a valid {format}"));
        }
    }

    fn constrain(&mut self, text: String) {
        if !self.constraints.contains(&text) {
            self.constraints.push(text);
        }
    }
}

/// The kind of value that fits: `text`, `list of text`, `map`, `duration` and so on.
fn kind(schema: &Schema, parts: &[Part<'_>], depth: usize) -> String {
    let annotated = parts.iter().find_map(|p| p.node.text("x-carml-type"));
    if let Some(kind) = annotated {
        return match kind {
            "byte-size" => "byte size".to_owned(),
            "pem" => "PEM text".to_owned(),
            kind => kind.to_owned(),
        };
    }
    let mut words: Vec<String> = Vec::new();
    let mut add = |word: String| {
        if !words.contains(&word) {
            words.push(word);
        }
    };
    for part in parts {
        let kinds = match part.node.value.get("type") {
            Some(Value::String(one)) => vec![one.as_str()],
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        for kind_name in kinds {
            add(match kind_name {
                "string" => "text".to_owned(),
                "integer" => "whole number".to_owned(),
                "boolean" => "true or false".to_owned(),
                "object" => "map".to_owned(),
                "array" if depth < 3 => {
                    let items = schema.parts(item(parts, usize::MAX));
                    match kind(schema, &items, depth + 1).as_str() {
                        "any value" => "list".to_owned(),
                        of => format!("list of {of}"),
                    }
                }
                "array" => "list".to_owned(),
                "null" => "null".to_owned(),
                other => other.to_owned(),
            });
        }
        let listed = part.node.value.get("enum").and_then(Value::as_array);
        let constant = part.node.value.get("const");
        for value in listed.into_iter().flatten().chain(constant) {
            add(match value {
                Value::String(_) => "text".to_owned(),
                Value::Number(_) => "number".to_owned(),
                Value::Bool(_) => "true or false".to_owned(),
                Value::Null => "null".to_owned(),
                _ => continue,
            });
        }
    }
    if words.is_empty() {
        "any value".to_owned()
    } else {
        words.join(" or ")
    }
}

/// A value as it would be written on one line of YAML.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => super::yaml::text(text),
        Value::Array(list) => format!(
            "[{}]",
            list.iter().map(shown).collect::<Vec<_>>().join(", ")
        ),
        Value::Object(map) => {
            let all: Vec<String> = map
                .iter()
                .map(|(k, v)| format!("{}: {}", super::yaml::text(k), shown(v)))
                .collect();
            if all.is_empty() {
                "{}".to_owned()
            } else {
                format!("{{ {} }}", all.join(", "))
            }
        }
        other => other.to_string(),
    }
}
