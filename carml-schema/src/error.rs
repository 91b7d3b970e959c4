//! What is not a schema.

use std::{fmt, io, path::PathBuf};

use carml_diagnostic::MAX_BYTES;

/// Why a schema was not read. `Debug` prints the same text as `Display`.
#[non_exhaustive]
pub enum Error {
    /// The file cannot be read.
    Read(PathBuf, io::Error),
    /// The file is over the size limit.
    TooLarge(PathBuf),
    /// The file is not JSON.
    Syntax(PathBuf, serde_json::Error),
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
            Self::Syntax(file, error) => write!(
                f,
                "{}:{}:{}: not JSON: {error}",
                file.display(),
                error.line(),
                error.column()
            ),
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
