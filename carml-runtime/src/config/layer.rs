//! Layers of a config and where their values came from.

use carml_diagnostic::{Source, Span};
use serde_json::Value;

/// Where a value came from.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Origin {
    /// No layer gives it: the schema's default holds, if there is one.
    Default,
    /// A place in a file, a variable or a flag: the source's name says which.
    Place(Source, Span),
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Origin::Default => f.write_str("schema default"),
            Origin::Place(source, span) => {
                let at = source.position(span.start);
                write!(f, "{}:{}:{}", source.name(), at.line, at.column)
            }
        }
    }
}

/// One layer: a source, and the pointer under which its value joins the config.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    pub(super) source: Source,
    pub(super) at: String,
}

impl Layer {
    /// The place of a pointer in this layer: of its key or of its value.
    pub(super) fn place(&self, pointer: &str, key: bool) -> Option<Span> {
        let inner = pointer
            .strip_prefix(self.at.as_str())
            .filter(|r| r.is_empty() || r.starts_with('/'))?;
        let found = self.source.locate(inner)?;
        Some(if key {
            found.key.unwrap_or(found.value)
        } else {
            found.value
        })
    }
}

/// Lays `over` on `under`: maps join, everything else is replaced.
pub(super) fn merge(under: &mut Value, over: Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (key, value) in over {
                match under.get_mut(&key) {
                    Some(slot) => merge(slot, value),
                    None => {
                        under.insert(key, value);
                    }
                }
            }
        }
        (under, over) => *under = over,
    }
}

/// A value under a pointer.
pub(super) fn wrap(pointer: &str, value: Value) -> Value {
    pointer
        .rsplit('/')
        .filter(|s| !s.is_empty())
        .fold(value, |inner, step| {
            Value::Object(
                [(step.replace("~1", "/").replace("~0", "~"), inner)]
                    .into_iter()
                    .collect(),
            )
        })
}
