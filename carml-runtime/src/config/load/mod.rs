//! The layers, merged, checked and typed.

mod environment;
mod loaded;
mod loader;

pub use loaded::Loaded;
pub use loader::Loader;

use carml_diagnostic::Report;

/// Why a config did not load.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The config is wrong: every fault with its place.
    #[error("{0}")]
    Invalid(Report),
}

impl From<Report> for Error {
    fn from(report: Report) -> Error {
        Error::Invalid(report)
    }
}
