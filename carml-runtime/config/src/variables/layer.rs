//! The strings of a layer, with their variables replaced.

use super::expansion::{Malformed, Missing, Template, Variables};
use carml_diagnostic::{
    Diagnostic, Input, Piece, RawReport, Source, Variable, did_you_mean, nearest, plain_scalar,
    text, trusted,
};
use carml_schema::SchemaIndex;
use carml_schema::secret_names::variable_sounds_secret;
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};

/// Replaces variables in the strings of one layer.
pub(crate) struct Expand<'a> {
    pub(crate) vars: &'a BTreeMap<String, String>,
    pub(crate) shapes: &'a SchemaIndex,
    pub(crate) source: &'a Source,
    pub(crate) report: &'a mut RawReport,
    /// The pointers of values that are not known.
    pub(crate) unresolved: &'a mut HashSet<String>,
    /// The values of variables whose names sound secret.
    pub(crate) secrets: &'a mut Vec<String>,
}

/// The variables of the process; those that sound secret are noted when they are used.
struct Used<'a, 's> {
    vars: &'a BTreeMap<String, String>,
    secrets: &'s mut Vec<String>,
}

impl<'a> Variables<'a> for Used<'a, '_> {
    fn get(&mut self, name: &str) -> Option<&'a str> {
        let value = self.vars.get(name)?;
        if variable_sounds_secret(name) {
            self.secrets.push(value.clone());
        }
        Some(value)
    }
}

impl Expand<'_> {
    /// Replaces variables in every string of a value.
    pub(crate) fn value(&mut self, value: &mut Value) {
        self.walk(value, &mut String::new());
    }

    fn walk(&mut self, value: &mut Value, pointer: &mut String) {
        let length = pointer.len();
        match value {
            Value::String(text) if text.contains("${") => {
                if let Some(expanded) = self.string(text, pointer) {
                    *value = expanded;
                }
            }
            Value::Array(items) => {
                for (n, item) in items.iter_mut().enumerate() {
                    if may_hold(item) {
                        pointer.push_str(&format!("/{n}"));
                        self.walk(item, pointer);
                        pointer.truncate(length);
                    }
                }
            }
            Value::Object(map) => {
                for (key, item) in map {
                    if may_hold(item) {
                        pointer.push('/');
                        pointer.push_str(&carml_diagnostic::escape_key(key));
                        self.walk(item, pointer);
                        pointer.truncate(length);
                    }
                }
            }
            _ => {}
        }
    }

    /// The string with its variables replaced; an error for each that is missing.
    fn string(&mut self, text: &str, pointer: &str) -> Option<Value> {
        let template = match Template::parse(text) {
            Ok(template) => template,
            Err(malformed) => {
                self.add(malformed.diagnostic(), pointer);
                return None;
            }
        };
        let mut used = Used {
            vars: self.vars,
            secrets: self.secrets,
        };
        match template.expand(&mut used) {
            Ok(whole) => {
                let alone = template.is_one_parameter();
                let scalar = alone.then(|| self.scalar(&whole, pointer)).flatten();
                Some(scalar.unwrap_or(Value::String(whole)))
            }
            Err(missing) => {
                missing.iter().for_each(|one| self.missing(one, pointer));
                None
            }
        }
    }

    /// The number or boolean of a variable that is the whole value, without quotes, where more than
    /// strings is allowed.
    fn scalar(&self, text: &str, pointer: &str) -> Option<Value> {
        let value = plain_scalar(text).filter(|v| v.is_number() || v.is_boolean())?;
        if self.shapes.is_text(pointer) {
            return None;
        }
        let place = self.source.locate(pointer)?.value;
        let mut text = self.source.text().get(place.start..)?;
        if text.starts_with('&') {
            let (_, after) = text.split_once(char::is_whitespace)?;
            text = after.trim_start();
        }
        text.starts_with('$').then_some(value)
    }

    fn missing(&mut self, missing: &Missing<'_>, pointer: &str) {
        if self.report.is_full() {
            self.unresolved.insert(pointer.to_owned());
            return self.report.push_with(|| missing.diagnostic(self.vars));
        }
        let diagnostic = missing.diagnostic(self.vars);
        self.add(diagnostic, pointer);
    }

    fn add(&mut self, diagnostic: Diagnostic, pointer: &str) {
        let mut diagnostic = diagnostic.pointer(pointer);
        if let Some(place) = self.source.locate(pointer) {
            diagnostic = diagnostic.at(self.source, place.value);
        }
        self.report.push(diagnostic);
        self.unresolved.insert(pointer.to_owned());
    }
}

impl Missing<'_> {
    fn diagnostic(&self, vars: &BTreeMap<String, String>) -> Diagnostic {
        match self {
            Missing::Unset(name) => {
                let shown = Input::new(*name);
                let help = text![
                    "set it, or give a default: `${",
                    Piece::variable(&shown),
                    ":-default}`"
                ];
                let error = Diagnostic::new(Variable::Unset { name: shown }).help(help);
                match nearest(name, vars.keys().map(String::as_str)).first() {
                    Some(near) => error.label(text![trusted(did_you_mean(near))]),
                    None => error,
                }
            }
            Missing::Required {
                name,
                colon,
                message,
            } => {
                let name = Input::new(*name);
                let help = text!["set `", Piece::variable(&name), "`"];
                let error = Diagnostic::new(Variable::Required {
                    name,
                    or_empty: *colon,
                    message: Input::new(message.as_str()),
                });
                error.help(help)
            }
        }
    }
}

impl Malformed<'_> {
    fn diagnostic(&self) -> Diagnostic {
        let (problem, help) = match self {
            Malformed::Unclosed => (
                Variable::NotClosed,
                "write `${NAME}`, or `$${` if the text itself is meant",
            ),
            Malformed::Name => (
                Variable::NoName,
                "a name has letters, digits and `_`, and does not start with a digit; `$${` is \
                 the text `${`",
            ),
            Malformed::Operator(name) => (
                Variable::UnknownOperator {
                    name: Input::new(*name),
                },
                "write `${NAME}`, `${NAME:-default}`, `${NAME:?message}` or `${NAME:+value}`",
            ),
            Malformed::Brace(name) => (
                Variable::UnclosedBrace {
                    name: Input::new(*name),
                },
                "write `\\}` for each `}` that belongs to the text",
            ),
            Malformed::TooDeep => (Variable::TooDeep, "set one variable, and use that"),
        };
        Diagnostic::new(problem).help(help)
    }
}

fn may_hold(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains("${"),
        Value::Array(_) | Value::Object(_) => true,
        _ => false,
    }
}
