//! Layers of a config and where their values came from.

use carml_diagnostic::{Source, Span};
use serde_json::Value;

/// Where a value came from.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Origin {
    /// Nothing gives it.
    Unset,
    /// No layer gives it: the schema's default holds.
    Default,
    /// A place in a file or another text, such as a remote key.
    Place(Source, Span),
    /// A variable of the environment.
    Variable(String),
    /// A `--set` of this key.
    Flag(String),
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Origin::Unset => f.write_str("not set"),
            Origin::Default => f.write_str("schema default"),
            Origin::Place(source, span) => {
                let at = source.position(span.start);
                write!(f, "{}:{}:{}", source.name(), at.line, at.column)
            }
            Origin::Variable(name) => write!(f, "variable {name}"),
            Origin::Flag(key) => write!(f, "--set {key}"),
        }
    }
}

/// What kind of layer it is; later kinds win.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Variable(String),
    Flag(String),
}

/// One layer: a source, and the pointer under which its value joins the config.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    pub(super) source: Source,
    pub(super) at: String,
    pub(super) kind: Kind,
    /// Whether the source is the value itself, not YAML of it.
    pub(super) raw: bool,
}

impl Layer {
    pub(super) fn text(source: Source) -> Layer {
        Layer {
            source,
            at: String::new(),
            kind: Kind::Text,
            raw: false,
        }
    }

    /// The place of a pointer in this layer: of its key or of its value.
    pub(super) fn place(&self, pointer: &str, key: bool) -> Option<Span> {
        let inner = self.inner(pointer)?;
        if self.raw {
            let end = self.source.text().len();
            return inner.is_empty().then_some(Span { start: 0, end });
        }
        let found = self.source.locate(inner).or_else(|| {
            let file = self.source.locate(&format!("{inner}_file"));
            file.filter(|_| !inner.is_empty())
        })?;
        Some(if key {
            found.key.unwrap_or(found.value)
        } else {
            found.value
        })
    }

    /// Whether lower layers have no say about a pointer.
    pub(super) fn decides(&self, pointer: &str) -> bool {
        match self.inner(pointer) {
            Some(_) if self.raw => true,
            Some(inner) => self.source.decides(inner),
            None => false,
        }
    }

    /// A pointer as this layer's source has it.
    fn inner<'p>(&self, pointer: &'p str) -> Option<&'p str> {
        let at = if pointer.starts_with(&self.at) {
            self.at.as_str()
        } else {
            self.at.strip_suffix("_file")?
        };
        pointer
            .strip_prefix(at)
            .filter(|r| r.is_empty() || r.starts_with('/'))
    }

    /// Where the value at a span of this layer came from.
    pub(super) fn origin(&self, span: Span) -> Origin {
        match &self.kind {
            Kind::Text => Origin::Place(self.source.clone(), span),
            Kind::Variable(name) => Origin::Variable(name.clone()),
            Kind::Flag(key) => Origin::Flag(key.clone()),
        }
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
                [(carml_diagnostic::unescape_key(step).into_owned(), inner)]
                    .into_iter()
                    .collect(),
            )
        })
}
