//! What can go wrong in a build.

use std::{fmt, io, path::PathBuf};

use carml_diagnostic::Report;

/// Why nothing was generated.
///
/// `Debug` prints the same text as `Display`: that is what cargo shows of a build script that
/// returns this error from `main`.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The schema or the proto files are invalid, or cannot be read: every error with its place.
    #[error("{}", .0.human(false).trim_end())]
    Invalid(Report),
    /// Neither a schema nor a proto file was named.
    #[error("nothing to generate: name files with `.schema(…)` and `.proto(…)`")]
    Nothing,
    /// `OUT_DIR` is not set, and no other directory was named.
    #[error("OUT_DIR is not set: call this from build.rs, or name a directory with `.out_dir(…)`")]
    NoOutDir,
    /// A file could not be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
