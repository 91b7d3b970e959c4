//! Why a schema was not compiled.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use carml_diagnostic::{Format, Source};

use crate::lower;

/// Why a schema was not compiled. `Debug` prints the same text as `Display`.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The schema cannot be read, or it is not a JSON Schema.
    #[error(transparent)]
    Schema(#[from] carml_schema::Error),
    /// Defaults that would be filled in are not valid.
    #[error("{}", lines(.0))]
    InvalidDefaults(Vec<InvalidDefault>),
    /// An error of the compiler itself: what it wrote is not Rust.
    #[error("{}: an error of the compiler, please report it: {message}", .file.display())]
    Internal {
        /// The schema.
        file: PathBuf,
        /// What the parser says.
        message: String,
    },
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A default that would be filled in, but is not valid.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InvalidDefault {
    /// The file.
    pub file: PathBuf,
    /// The line of the default, from 1.
    pub line: usize,
    /// The column of the default, from 1.
    pub column: usize,
    /// The JSON pointer of the default.
    pub pointer: String,
    /// What is wrong with it.
    pub message: String,
}

impl fmt::Display for InvalidDefault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.display();
        let (line, column) = (self.line, self.column);
        let (pointer, message) = (&self.pointer, &self.message);
        write!(
            f,
            "{file}:{line}:{column}: invalid default at `{pointer}`: {message}"
        )
    }
}

/// One per line.
fn lines(defaults: &[InvalidDefault]) -> String {
    let lines = defaults.iter().map(ToString::to_string);
    lines.collect::<Vec<_>>().join("\n")
}

pub(super) fn invalid_defaults(file: &Path, defaults: &[lower::InvalidDefault]) -> Error {
    let placed = defaults.iter().map(|default| {
        let (document, pointer) = default.pointer.split_once('#').unwrap_or_default();
        let file = file.with_file_name(document);
        let text = fs::read_to_string(&file).unwrap_or_default();
        let source = Source::new(file.display().to_string(), text, Format::Json);
        let (line, column) = source.locate(pointer).map_or((1, 1), |located| {
            let position = source.position(located.value.start);
            (position.line, position.column)
        });
        InvalidDefault {
            file,
            line,
            column,
            pointer: pointer.to_owned(),
            message: default.reason.clone(),
        }
    });
    Error::InvalidDefaults(placed.collect())
}
