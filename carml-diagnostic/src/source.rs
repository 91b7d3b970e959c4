//! A named text and the places in it.

use crate::read::{self, Located, Spans};
use crate::{Fault, Report};
use serde_json::Value;
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, OnceLock, RwLock};

/// The language of a source text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// YAML 1.2, one document.
    Yaml,
    /// JSON (RFC 8259).
    Json,
}

impl Format {
    /// The format that a file's name tells: JSON for `.json`, YAML for everything else.
    pub fn of(path: &Path) -> Format {
        match path.extension().and_then(|e| e.to_str()) {
            Some(e) if e.eq_ignore_ascii_case("json") => Format::Json,
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

/// A line and a column, both from 1; the column counts characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

/// A named text. Cheap to clone.
#[derive(Clone)]
pub struct Source(Arc<Inner>);

struct Inner {
    name: String,
    text: String,
    format: Format,
    spans: OnceLock<Option<Spans>>,
    masks: RwLock<Vec<Span>>,
}

impl std::fmt::Debug for Source {
    /// The name only: a text may hold secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Source").field(&self.0.name).finish()
    }
}

impl Source {
    /// A source from a text at hand. `name` is what reports show: a file's path, or `--set`, or a variable's name.
    pub fn new(name: impl Into<String>, text: impl Into<String>, format: Format) -> Source {
        Source(Arc::new(Inner {
            name: name.into(),
            text: text.into(),
            format,
            spans: OnceLock::new(),
            masks: RwLock::default(),
        }))
    }

    /// Reads a file; its name tells the format.
    ///
    /// # Errors
    /// A report of one fault if the file cannot be read, is not a regular file, is over [`crate::MAX_BYTES`] or is not UTF-8.
    pub fn open(path: &Path) -> Result<Source, Report> {
        let name = path.display().to_string();
        let fail = |code, message: String, help: &str| {
            Report::from(Fault::error(code, format!("{name}: {message}")).help(help))
        };
        let unreadable = |e: std::io::Error| {
            fail(
                "unreadable",
                format!("cannot be read: {e}"),
                "check the path and its permissions",
            )
        };
        let about = std::fs::metadata(path).map_err(unreadable)?;
        if !about.is_file() {
            return Err(fail(
                "unreadable",
                "is not a regular file".to_owned(),
                "name a file",
            ));
        }
        let mut bytes = Vec::new();
        std::fs::File::open(path)
            .map_err(unreadable)?
            .take(read::MAX_BYTES as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(unreadable)?;
        if bytes.len() > read::MAX_BYTES {
            let message = format!("is over the limit of {} MiB", read::MAX_BYTES >> 20);
            return Err(fail(
                "too-large",
                message,
                "split the file, or move data out of it",
            ));
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Source::new(name, text, Format::of(path))),
            Err(e) => {
                let at = e.utf8_error().valid_up_to();
                let good = String::from_utf8_lossy(&e.as_bytes()[..at]).into_owned();
                let source = Source::new(name.clone(), good, Format::of(path));
                Err(Fault::error("not-utf8", "this is not valid UTF-8")
                    .at(&source, Span { start: at, end: at })
                    .help("save the file as UTF-8")
                    .into())
            }
        }
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

    /// The value of the text.
    ///
    /// # Errors
    /// Every syntax fault that can be told apart, each at its place: see `docs/config.md`, "Bad input".
    pub fn read(&self) -> Result<Value, Report> {
        read::read(self)
    }

    /// Where the value of a JSON pointer stands. `None` if there is none, or the text does not parse.
    pub fn locate(&self, pointer: &str) -> Option<Located> {
        self.spans()?.locate(pointer)
    }

    /// Whether this text alone decides what stands at a JSON pointer: it has it, or has a list or a plain value above it.
    pub fn decides(&self, pointer: &str) -> bool {
        self.spans().is_some_and(|spans| spans.decides(pointer))
    }

    pub(crate) fn spans(&self) -> Option<&Spans> {
        self.0.spans.get_or_init(|| Spans::of(self)).as_ref()
    }

    /// Line and column of a byte.
    pub fn position(&self, at: usize) -> Position {
        let text = &self.0.text;
        let before = text.get(..at).unwrap_or(text);
        let start = before.rfind('\n').map_or(0, |n| n + 1);
        Position {
            line: before.bytes().filter(|b| *b == b'\n').count() + 1,
            column: before[start..].chars().count() + 1,
        }
    }

    /// Hides a place in every excerpt from now on.
    pub fn mask(&self, span: Span) {
        if let Ok(mut masks) = self.0.masks.write() {
            masks.push(span);
        }
    }

    /// Hides what follows `key:` on a line, for texts that do not parse and so have no places for their secrets.
    pub fn mask_keys<'k>(&self, keys: impl IntoIterator<Item = &'k str>) {
        let keys: Vec<&str> = keys.into_iter().collect();
        let mut start = 0;
        for line in self.0.text.split_inclusive('\n') {
            for key in &keys {
                let after = line.find(key).map(|at| at + key.len());
                if let Some((after, colon)) = after.and_then(|a| Some((a, line[a..].find(':')?))) {
                    let from = after + colon + 1;
                    let lead = line[from..].len() - line[from..].trim_start().len();
                    let end = line.trim_end().len();
                    if from + lead < end {
                        self.mask(Span {
                            start: start + from + lead,
                            end: start + end,
                        });
                    }
                }
            }
            start += line.len();
        }
    }

    /// A part of the text for showing: what is masked is starred, byte by byte, so that places keep.
    pub(crate) fn excerpt(&self, span: Span) -> String {
        let masks = self.0.masks.read().map(|m| m.clone()).unwrap_or_default();
        let mut out = String::with_capacity(span.end - span.start);
        for (at, c) in self.0.text[span.start..span.end].char_indices() {
            let at = at + span.start;
            if c != '\n' && masks.iter().any(|m| m.start <= at && at < m.end) {
                out.extend(std::iter::repeat_n('*', c.len_utf8()));
            } else {
                out.push(c);
            }
        }
        out
    }
}
