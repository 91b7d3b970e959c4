//! A named text and the places in it.

mod open;

use crate::RawReport;
use crate::read::{self, Located, Reading, Token, Tree};
use serde_json::Value;
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// The language of a source text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// YAML 1.2, one document.
    Yaml,
    /// JSON (RFC 8259).
    Json,
    /// Any other, such as that of `.proto` files: there are places in it, and no values.
    Text,
}

impl Format {
    /// The format that a file's name implies: JSON for `.json`, another language for `.proto`, YAML
    /// for everything else.
    pub fn of(path: &Path) -> Format {
        match path.extension().and_then(|e| e.to_str()) {
            Some(e) if e.eq_ignore_ascii_case("json") => Format::Json,
            Some(e) if e.eq_ignore_ascii_case("proto") => Format::Text,
            _ => Format::Yaml,
        }
    }
}

/// A range of bytes in a source text, always on character boundaries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

impl Span {
    /// Whether every byte of `other` is in this span.
    pub fn contains(self, other: Span) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    pub(crate) fn touches(self, other: Span) -> bool {
        self.start < other.end && other.start < self.end
    }
}

/// A line and a column, both from 1; the column counts characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

/// A named text. Cheap to clone.
///
/// # Examples
///
/// ```
/// use carml_diagnostic::{Format, Source};
///
/// let source = Source::new("app.yml", "server:\n  port: 80\n", Format::Yaml);
/// assert_eq!(source.read().unwrap()["server"]["port"], 80);
///
/// let place = source.locate("/server/port").unwrap();
/// let position = source.position(place.value.start);
/// assert_eq!((position.line, position.column), (2, 9));
/// ```
#[derive(Clone)]
pub struct Source(Arc<Inner>);

struct Inner {
    name: String,
    text: String,
    format: Format,
    /// What is read in place of a text that does not parse: the part that does, each byte where it
    /// was.
    readable: OnceLock<Option<String>>,
    tree: OnceLock<Option<Tree>>,
    lines: OnceLock<Vec<usize>>,
}

impl std::fmt::Debug for Source {
    /// The name only: a text may hold secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Source").field(&self.0.name).finish()
    }
}

impl Source {
    /// A source from a text in memory. `name` is what reports show: a file's path, or `--set`, or a
    /// variable's name.
    pub fn new(name: impl Into<String>, text: impl Into<String>, format: Format) -> Source {
        Source(Arc::new(Inner {
            name: name.into(),
            text: text.into(),
            format,
            readable: OnceLock::new(),
            tree: OnceLock::new(),
            lines: OnceLock::new(),
        }))
    }

    /// The name that reports show.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The whole text, secrets included.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// The text's language.
    pub fn format(&self) -> Format {
        self.0.format
    }

    /// Whether two handles are of one source.
    pub fn is(&self, other: &Source) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The value of the text, warnings aside.
    ///
    /// # Errors
    /// Every error of [`Source::read_all`].
    pub fn read(&self) -> Result<Value, RawReport> {
        let reading = self.read_all();
        match reading.value {
            Some(value) if reading.report.errors() == 0 => Ok(value),
            _ => Err(reading.report),
        }
    }

    /// The value as far as the text has one, and every error in the text: see "Limits" in
    /// `docs/config.md`.
    pub fn read_all(&self) -> Reading {
        read::read(self)
    }

    /// Where the value of a JSON pointer is. `None` if there is none, or the text could not be
    /// parsed up to it.
    pub fn locate(&self, pointer: &str) -> Option<Located> {
        self.tree()?.locate(self.readable(), pointer)
    }

    /// Whether this text alone decides what is at a JSON pointer, so that what other layers have
    /// there is not used: it has the pointer, or a sequence or scalar above it.
    pub fn shadows(&self, pointer: &str) -> bool {
        self.tree()
            .is_some_and(|tree| tree.shadows(self.readable(), pointer))
    }

    /// Whether the value of a JSON pointer is a mapping.
    pub fn is_mapping(&self, pointer: &str) -> bool {
        self.tree()
            .is_some_and(|tree| tree.is_mapping(self.readable(), pointer))
    }

    /// The keys and scalars that touch a part of the text, in order, as far as the text can be
    /// read; and where that ends. Behind it are comments, or what is not a part of the document.
    pub fn tokens(&self, window: Span) -> (Vec<Token>, usize) {
        match self.tree() {
            Some(tree) => (tree.tokens(self.readable(), window), tree.end()),
            None => (Vec::new(), 0),
        }
    }

    pub(crate) fn tree(&self) -> Option<&Tree> {
        self.0.tree.get_or_init(|| read::tree(self)).as_ref()
    }

    /// The text that is read: the whole, or what can be parsed of it.
    pub(crate) fn readable(&self) -> &str {
        let changed = self.0.readable.get().and_then(Option::as_ref);
        changed.unwrap_or(&self.0.text)
    }

    /// Whether [`Source::set_readable`] was called.
    pub(crate) fn was_read(&self) -> bool {
        self.0.readable.get().is_some()
    }

    /// Reads this text from now on, if there is one; each byte of it is where it was.
    pub(crate) fn set_readable(&self, text: Option<String>) {
        let _ = self.0.readable.set(text);
    }

    /// Line and column of a byte.
    pub fn position(&self, at: usize) -> Position {
        let text = &self.0.text;
        let lines = self.0.lines.get_or_init(|| {
            let breaks = text.bytes().enumerate().filter(|(_, b)| *b == b'\n');
            std::iter::once(0)
                .chain(breaks.map(|(n, _)| n + 1))
                .collect()
        });
        let at = at.min(text.len());
        let line = lines.partition_point(|start| *start <= at);
        let start = lines.get(line.saturating_sub(1)).copied().unwrap_or(0);
        Position {
            line,
            column: text.get(start..at).map_or(0, |t| t.chars().count()) + 1,
        }
    }
}
