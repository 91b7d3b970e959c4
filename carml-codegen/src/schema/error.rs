//! Why a schema gives no Rust.

use std::{fmt, path::PathBuf};

/// Why a schema was not compiled. `Debug` prints the same text as `Display`.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The schema cannot be read, or it is not a JSON Schema.
    #[error(transparent)]
    Schema(#[from] carml_schema::Error),
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
