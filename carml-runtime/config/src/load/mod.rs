//! The layers, merged, checked and typed.

mod environment;
mod loaded;
mod loader;
mod reload;
mod remote;
mod secret_files;

pub use loaded::Loaded;
pub use loader::Loader;
pub use reload::{Change, Reload};
pub use remote::Remote;

use carml_diagnostic::Report;

/// Why a config did not load.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The config is invalid: every error with its place.
    #[error("{0}")]
    Invalid(Report),
    /// A file or another layer could not be read at all.
    #[error("{0}")]
    Unreadable(Report),
}

impl Error {
    /// Every error, with its place.
    pub fn report(&self) -> &Report {
        match self {
            Error::Invalid(report) | Error::Unreadable(report) => report,
        }
    }
}

impl From<Report> for Error {
    fn from(report: Report) -> Error {
        Error::Invalid(report)
    }
}
