//! Layers of a config and where their values came from.

use carml_diagnostic::{Source, Span, unescape_key};
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

    /// Whether lower layers are not used for a pointer.
    pub(super) fn shadows(&self, pointer: &str) -> bool {
        match self.inner(pointer) {
            Some(_) if self.raw => true,
            Some(inner) => self.source.shadows(inner),
            None => false,
        }
    }

    /// Whether this layer has only a part of a pointer's value: it sets a key below it.
    fn is_below(&self, pointer: &str) -> bool {
        let rest = self.at.strip_prefix(pointer);
        !pointer.is_empty() && rest.is_some_and(|rest| rest.starts_with('/'))
    }

    /// Whether this layer's value of a pointer is a mapping, which a layer above may add keys to.
    fn has_mapping(&self, pointer: &str) -> bool {
        let inner = self.inner(pointer).filter(|_| !self.raw);
        inner.is_some_and(|inner| self.source.is_mapping(inner))
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

/// The layer that gives a pointer's value, and where in it. Of a value to which a variable or
/// `--set` adds a key, it is the layer below; if they alone give it, or replace what was no
/// mapping, it is the lowest of them.
pub(crate) fn provenance<'l>(
    layers: &'l [Layer],
    pointer: &str,
    key: bool,
) -> Option<(&'l Layer, Span)> {
    let mut part = None;
    for layer in layers.iter().rev() {
        if let Some(span) = layer.place(pointer, key) {
            let replaced = part.filter(|_| !layer.has_mapping(pointer));
            return replaced.or(Some((layer, span)));
        }
        if layer.is_below(pointer) {
            let end = layer.source.text().len();
            part = Some((layer, Span { start: 0, end }));
        }
        if layer.shadows(pointer) {
            break;
        }
    }
    part
}

/// Merges `over` into `under`: mappings are merged, everything else is replaced.
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
pub(super) fn nest_at(pointer: &str, value: Value) -> Value {
    pointer
        .rsplit('/')
        .filter(|s| !s.is_empty())
        .fold(value, |inner, step| {
            let key = unescape_key(step).into_owned();
            Value::Object([(key, inner)].into_iter().collect())
        })
}
