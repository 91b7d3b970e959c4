//! `${VAR}` and `${VAR:-default}` in texts; `$${` stands for `${`.

use crate::check;
use carml_diagnostic::{Code, Diagnostic, Format, Report, Source, nearest};
use carml_schema::SchemaIndex;
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};

/// Replaces variables in the texts of one layer.
pub(super) struct Expand<'a> {
    pub(super) vars: &'a BTreeMap<String, String>,
    pub(super) shapes: &'a SchemaIndex,
    pub(super) source: &'a Source,
    /// Where the layer's value joins the config.
    pub(super) at: &'a str,
    pub(super) report: &'a mut Report,
    /// The pointers of values that could not be had.
    pub(super) holes: &'a mut HashSet<String>,
    /// What variables gave whose names sound secret.
    pub(super) secrets: &'a mut Vec<String>,
}

impl Expand<'_> {
    /// Replaces variables in every text of a value.
    pub(super) fn value(&mut self, value: &mut Value) {
        self.walk(value, &mut String::new());
    }

    fn walk(&mut self, value: &mut Value, pointer: &mut String) {
        let length = pointer.len();
        match value {
            Value::String(text) if text.contains("${") => {
                let alone = text.starts_with("${") && text.find('}') == Some(text.len() - 1);
                if let Some(whole) = self.text(text, pointer) {
                    let plain = alone.then(|| self.plain(&whole, pointer)).flatten();
                    *value = plain.unwrap_or(Value::String(whole));
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

    /// The number, `true` or `false` that a variable gives which stands alone, without quotes, where not only a text fits.
    fn plain(&self, text: &str, pointer: &str) -> Option<Value> {
        let value = Source::new("", text, Format::Yaml).read().ok()?;
        let other = value.is_number() || value.is_boolean();
        if !other || self.shapes.is_text(&format!("{}{pointer}", self.at)) {
            return None;
        }
        let place = self.source.locate(pointer)?.value;
        let bare = self.source.text().get(place.start..)?.starts_with('$');
        bare.then_some(value)
    }

    /// The text with its variables replaced; a fault for each that is not set.
    fn text(&mut self, text: &str, pointer: &str) -> Option<String> {
        let mut out = String::new();
        let mut rest = text;
        let mut whole = true;
        while let Some(at) = rest.find("${") {
            let (before, after) = (&rest[..at], &rest[at + 2..]);
            if let Some(plain) = before.strip_suffix('$') {
                out.push_str(plain);
                out.push_str("${");
                rest = after;
                continue;
            }
            out.push_str(before);
            let Some(close) = after.find('}') else {
                self.unclosed(pointer);
                return None;
            };
            let (name, default) = match after[..close].split_once(":-") {
                Some((name, default)) => (name, Some(default)),
                None => (&after[..close], None),
            };
            match (self.vars.get(name), default) {
                (Some(value), _) => {
                    if check::sounds_secret(name) {
                        self.secrets.push(value.clone());
                    }
                    out.push_str(value);
                }
                (None, Some(default)) => out.push_str(default),
                (None, None) => {
                    whole = false;
                    self.unset(name, pointer);
                }
            }
            rest = &after[close + 1..];
        }
        out.push_str(rest);
        whole.then_some(out)
    }

    fn unset(&mut self, name: &str, pointer: &str) {
        self.holes.insert(format!("{}{pointer}", self.at));
        if self.report.is_full() {
            return self.report.push(Diagnostic::error(Code::UnsetVariable, ""));
        }
        let mut fault = Diagnostic::error(
            Code::UnsetVariable,
            format!("the variable `{name}` is not set"),
        );
        if let Some(near) = nearest(name, self.vars.keys().map(String::as_str)).first() {
            fault = fault.label(format!("did you mean `{near}`?"));
        }
        let fault = fault.help(format!("set it, or give a default: `${{{name}:-default}}`"));
        self.add(fault, pointer);
    }

    fn unclosed(&mut self, pointer: &str) {
        let fault = Diagnostic::error(Code::Variable, "a `${` has no `}`")
            .help("write `${NAME}`, or `$${` if the text itself is meant");
        self.add(fault, pointer);
    }

    fn add(&mut self, fault: Diagnostic, pointer: &str) {
        let whole = format!("{}{pointer}", self.at);
        let mut fault = fault.pointer(&whole);
        if let Some(place) = self.source.locate(pointer) {
            fault = fault.at(self.source, place.value);
        }
        self.report.push(fault);
        self.holes.insert(whole);
    }
}

fn may_hold(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains("${"),
        Value::Array(_) | Value::Object(_) => true,
        _ => false,
    }
}
