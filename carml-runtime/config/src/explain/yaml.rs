//! The effective config as YAML, each value with its origin as a comment.

use super::inline;
use crate::Loaded;
use crate::layer::Origin;
use crate::redact::Knowledge;
use serde_json::Value;

/// What is shown in place of a secret.
pub(crate) const HIDDEN: &str = "******";

/// Comments are in one column, unless a line is longer than this.
const MAX_COLUMN: usize = 44;

/// Writes the value of a pointer.
pub(super) fn write(loaded: &Loaded, value: &Value, pointer: &str) -> String {
    let mut out = Writer {
        loaded,
        knowledge: Knowledge::of(loaded.schema()),
        lines: Vec::new(),
    };
    out.value(value, pointer, String::new(), 0);
    let widths = out.lines.iter().map(|l| l.0.chars().count());
    let column = widths.filter(|w| *w <= MAX_COLUMN).max().unwrap_or(0) + 2;
    let mut text = String::new();
    for (line, comment) in out.lines {
        text.push_str(&line);
        if let Some(comment) = comment {
            let pad = column.saturating_sub(line.chars().count()).max(2);
            text.extend(std::iter::repeat_n(' ', pad));
            text.push_str("# ");
            text.push_str(&comment);
        }
        text.push('\n');
    }
    text
}

struct Writer<'a> {
    loaded: &'a Loaded,
    knowledge: Knowledge<'a>,
    lines: Vec<(String, Option<String>)>,
}

impl Writer<'_> {
    /// Writes a value after `head`, which is its key or dash, at a depth of two spaces each.
    fn value(&mut self, value: &Value, pointer: &str, head: String, depth: usize) {
        let secret = self.loaded.schema().shapes().is_secret(pointer);
        let scalar = !value.is_object() && !value.is_array();
        let glued = || {
            value
                .as_str()
                .is_some_and(|text| self.knowledge.holds_secret_key(text))
        };
        if secret || scalar && (self.knowledge.is_hidden(pointer) || glued()) {
            let why = if secret { "secret" } else { "may be secret" };
            let line = join(&head, &format!("\"{HIDDEN}\""));
            let origin = self.origin(pointer);
            self.lines.push((line, Some(format!("{origin} ({why})"))));
            return;
        }
        match value {
            Value::Object(map) if !map.is_empty() => {
                if !head.is_empty() && !head.ends_with('-') {
                    self.lines.push((head.clone(), None));
                }
                for (n, (key, inner)) in map.iter().enumerate() {
                    let at = format!("{pointer}/{}", carml_diagnostic::escape_key(key));
                    // The first key of a mapping in a list is on the line of the dash.
                    let lead = if n == 0 && head.ends_with('-') {
                        format!("{head} ")
                    } else {
                        "  ".repeat(depth)
                    };
                    // A key without a value may be a part of a secret: `{password: a, b}`.
                    let part = inner.is_null() && self.knowledge.is_hidden(&at);
                    let shown = match !part && self.knowledge.shows_key(pointer, key) {
                        true => inline::string(key),
                        false => format!("\"{HIDDEN}\""),
                    };
                    self.value(inner, &at, format!("{lead}{shown}:"), depth + 1);
                }
            }
            Value::Array(list) if !list.is_empty() => {
                if !head.is_empty() {
                    self.lines.push((head, Some(self.origin(pointer))));
                }
                for (n, inner) in list.iter().enumerate() {
                    let dash = format!("{}-", "  ".repeat(depth));
                    self.value(inner, &format!("{pointer}/{n}"), dash, depth + 1);
                }
            }
            leaf => {
                let origin = self.origin(pointer);
                let line = join(&head, &inline::value(leaf));
                // Only a file gives each item of a list a place of its own.
                let listed = head.ends_with('-')
                    && !matches!(self.loaded.origin(pointer), Origin::Place(..));
                self.lines.push((line, (!listed).then_some(origin)));
            }
        }
    }

    fn origin(&self, pointer: &str) -> String {
        self.loaded.origin_text(pointer)
    }
}

fn join(head: &str, value: &str) -> String {
    if head.is_empty() {
        value.to_owned()
    } else {
        format!("{head} {value}")
    }
}
