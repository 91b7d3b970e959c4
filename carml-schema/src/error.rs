//! Why a schema cannot be read.

use std::{
    fmt, fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use carml_diagnostic::{Format, MAX_BYTES, Public, Source};
use serde_json::Value;

use crate::read::value;

/// Why a schema was not read. `Debug` prints the same text as `Display`.
#[non_exhaustive]
pub enum Error {
    /// The file cannot be read.
    Read(PathBuf, io::Error),
    /// The file is over the size limit.
    TooLarge(PathBuf),
    /// The file is not JSON or YAML.
    Syntax {
        /// The file.
        file: PathBuf,
        /// The line of the place, from 1.
        line: usize,
        /// The column of the place, from 1.
        column: usize,
        /// What is wrong there.
        message: String,
    },
    /// The document is JSON, but not a schema.
    NotASchema {
        /// The file.
        file: PathBuf,
        /// The line of the place, from 1.
        line: usize,
        /// The column of the place, from 1.
        column: usize,
        /// The JSON pointer of the place.
        pointer: String,
        /// What is wrong there.
        message: String,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(file, error) => write!(f, "cannot read {}: {error}", file.display()),
            Self::TooLarge(file) => write!(
                f,
                "{} is over the limit of {} MiB",
                file.display(),
                MAX_BYTES >> 20
            ),
            Self::Syntax {
                file,
                line,
                column,
                message,
            } => write!(f, "{}:{line}:{column}: {message}", file.display()),
            Self::NotASchema {
                file,
                line,
                column,
                pointer,
                message,
            } => write!(
                f,
                "{}:{line}:{column}: not a JSON Schema: at `{pointer}`: {message}",
                file.display()
            ),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}

/// The value of a file.
pub(crate) fn read(file: &Path) -> Result<Value, Error> {
    let text = text_of(file).map_err(|error| Error::Read(file.to_owned(), error))?;
    if text.len() > MAX_BYTES {
        return Err(Error::TooLarge(file.to_owned()));
    }
    let source = Source::new(file.display().to_string(), text, Format::of(file));
    value(&source).map_err(|found| {
        let report = found.redact(&Public);
        let first = report.findings().first();
        let start = first.and_then(|finding| finding.start);
        Error::Syntax {
            file: file.to_owned(),
            line: start.map_or(1, |start| start.line),
            column: start.map_or(1, |start| start.column),
            message: first.map_or_else(String::new, |finding| finding.message.clone()),
        }
    })
}

/// The error of a document that is not a schema, at the place of a pointer.
pub(crate) fn not_a_schema(file: &Path, pointer: String, message: String) -> Error {
    let text = fs::read_to_string(file).unwrap_or_default();
    let source = Source::new(file.display().to_string(), text, Format::of(file));
    let located = source.locate(&pointer);
    let position = located.map(|located| source.position(located.value.start));
    Error::NotASchema {
        file: file.to_owned(),
        line: position.map_or(1, |position| position.line),
        column: position.map_or(1, |position| position.column),
        pointer,
        message,
    }
}

/// The text of a file, or the start of one that is too large. What has no end, such as a pipe, is
/// not read at all.
fn text_of(file: &Path) -> io::Result<String> {
    if !fs::metadata(file)?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut text = Vec::new();
    let limit = MAX_BYTES as u64 + 1;
    fs::File::open(file)?.take(limit).read_to_end(&mut text)?;
    String::from_utf8(text).map_err(io::Error::other)
}
