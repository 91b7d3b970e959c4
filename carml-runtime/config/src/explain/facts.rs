//! What a schema says about one place, in words.

use super::inline;
use carml_schema::{Applicable, Limit, Node, Scalar, applicable, graph::InstanceType};
use serde_json::Value;

/// What the schema says about a key.
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
    pub(crate) fn of(parts: &[Applicable<'_>]) -> Facts {
        let mut facts = Facts::default();
        for part in parts {
            facts.read(part);
        }
        facts.kind = kind(parts, 0);
        facts
    }

    fn read(&mut self, part: &Applicable<'_>) {
        let node = &part.node;
        self.secret |= node.is_secret();
        self.deprecated |= node.is_deprecated();
        self.choices(part);
        if !part.unconditional {
            return;
        }
        let about = node.description().map(str::to_owned);
        if self.description.is_none() {
            self.description.clone_from(&about);
        }
        let nested = [InstanceType::Object, InstanceType::Array];
        let plain = !matches!(&node.types()[..], [one] if nested.contains(one));
        if let (None, Some(title), true) = (&self.form, node.title(), plain) {
            let about = about.filter(|a| Some(a) != self.description.as_ref());
            self.form = Some((title.to_owned(), about));
        }
        if self.default.is_none() {
            self.default = node.default().cloned();
        }
        if let (true, Some(list)) = (self.examples.is_empty(), node.examples()) {
            self.examples = list.iter().map(inline::value).collect();
        }
        self.limits(node);
    }

    /// Constants, of the value itself and of its branches.
    fn choices(&mut self, part: &Applicable<'_>) {
        let node = &part.node;
        let about = node.description().filter(|_| !part.unconditional);
        for value in node.constants() {
            self.allow(inline::value(value), about);
        }
        if part.unconditional {
            return;
        }
        // `{ key: … }` with one required key is a choice too, as middlewares have it.
        if let Some(key) = node.only_required() {
            self.allow(format!("{key}: …"), about);
        }
        // The description of both forms is above them.
        if let Some((name, _)) = node.optional_options() {
            self.allow(name.to_owned(), about);
            self.allow(format!("{name}: …"), about);
        }
    }

    fn allow(&mut self, choice: String, about: Option<&str>) {
        if !self.allowed.iter().any(|(known, _)| *known == choice) {
            self.allowed.push((choice, about.map(str::to_owned)));
        }
    }

    fn limits(&mut self, node: &Node<'_>) {
        for (limit, number) in node.limits() {
            let phrase = match limit {
                Limit::MinLength | Limit::MinItems | Limit::MinProperties
                    if number.as_u64() == Some(1) =>
                {
                    "non-empty".to_owned()
                }
                Limit::Minimum => format!("at least {number}"),
                Limit::Maximum => format!("at most {number}"),
                Limit::ExclusiveMinimum => format!("more than {number}"),
                Limit::ExclusiveMaximum => format!("less than {number}"),
                Limit::MultipleOf => format!("a multiple of {number}"),
                Limit::MinLength => format!("of at least {number} characters"),
                Limit::MaxLength => format!("of at most {number} characters"),
                Limit::MinItems => format!("of at least {number} items"),
                Limit::MaxItems => format!("of at most {number} items"),
                Limit::MinProperties => format!("of at least {number} keys"),
                Limit::MaxProperties => format!("of at most {number} keys"),
            };
            self.constrain(phrase);
        }
        if node.has_unique_items() {
            self.constrain("without repeated items".to_owned());
        }
        // A form with a name and examples says it better than its pattern.
        let named = node.scalar().is_some() || node.examples().is_some();
        if let (Some(pattern), false) = (node.pattern(), named) {
            self.constrain(format!("of the form `{pattern}`"));
        }
        if let Some(format) = node.format() {
            self.constrain(format!("a valid {format}"));
        }
    }

    fn constrain(&mut self, text: String) {
        if !self.constraints.contains(&text) {
            self.constraints.push(text);
        }
    }
}

/// The kind of value that fits: `string`, `list of string`, `mapping`, `duration` and so on.
fn kind(parts: &[Applicable<'_>], depth: usize) -> String {
    let annotated = parts.iter().find_map(|part| part.node.scalar());
    if let Some(scalar) = annotated {
        let name = match scalar {
            Scalar::Duration => "duration",
            Scalar::ByteSize => "byte size",
            Scalar::Secret => "secret",
            Scalar::Endpoint => "endpoint",
            Scalar::Base64 => "base64",
            Scalar::Pem => "PEM document",
            _ => "string",
        };
        return name.to_owned();
    }
    let mut words: Vec<String> = Vec::new();
    let mut add = |word: String| {
        if !words.contains(&word) {
            words.push(word);
        }
    };
    for part in parts {
        for instance_type in part.node.types() {
            add(match instance_type {
                InstanceType::String => "string".to_owned(),
                InstanceType::Integer => "integer".to_owned(),
                InstanceType::Number => "number".to_owned(),
                InstanceType::Boolean => "boolean".to_owned(),
                InstanceType::Object => "mapping".to_owned(),
                InstanceType::Array if depth < 3 => {
                    let items = applicable::closure(applicable::items(parts));
                    match kind(&items, depth + 1).as_str() {
                        "any value" => "list".to_owned(),
                        of => format!("list of {of}"),
                    }
                }
                InstanceType::Array => "list".to_owned(),
                InstanceType::Null => "null".to_owned(),
            });
        }
        for value in part.node.constants() {
            add(match value {
                Value::String(_) => "string".to_owned(),
                Value::Number(_) => "number".to_owned(),
                Value::Bool(_) => "boolean".to_owned(),
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
