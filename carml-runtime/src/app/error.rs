//! Why a service did not start, or did not end well.

use std::{io, time::Duration};

use carml_diagnostic::Report;

use crate::{config, kv};

/// Why a service did not start, or did not end well.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The arguments are wrong.
    #[error("error: {0}")]
    Arguments(String),
    /// The config is wrong: every fault with its place.
    #[error(transparent)]
    Config(#[from] config::Error),
    /// The config asks for what this service, or this build, cannot do.
    #[error("{0}")]
    Refused(Report),
    /// A service asked for the store, and the config has none.
    #[error(
        "error: a service uses the key/value store, but the config has no section `registry`: add `registry:` with `provider: redb`"
    )]
    NoStore,
    /// A service reads a section that the app does not know.
    #[error(
        "error: a service reads the section `{0}`, which the app does not have: add `.section::<…>()` to the app"
    )]
    NoSection(&'static str),
    /// The store could not be opened.
    #[error("{report}")]
    Store {
        /// What was tried, with the place in the config.
        report: Report,
        /// What the store said.
        source: Box<kv::Error>,
    },
    /// The address could not be bound.
    #[error("{report}")]
    Bind {
        /// What was tried, with the place in the config.
        report: Report,
        /// What the system said.
        source: io::Error,
    },
    /// SIGTERM and SIGINT cannot be waited for.
    #[error("error: cannot wait for signals: {0}")]
    Signals(io::Error),
    /// What was asked for could not be written.
    #[error("error: cannot write to standard output: {0}")]
    Output(io::Error),
    /// The server broke.
    #[error("error: the server failed: {0}")]
    Transport(#[from] tonic::transport::Error),
    /// Calls were still in flight at the deadline, and were cut off.
    #[error("error: calls were still in flight {0:?} after the drain began, and were cut off")]
    Deadline(Duration),
    /// A second signal, or a second wish, cut the drain short.
    #[error("error: told to end at once: calls that were in flight were cut off")]
    CutShort,
    /// A reason of the service's own.
    #[error("error: {0}")]
    Service(Box<dyn std::error::Error + Send + Sync>),
}

/// Of a service that uses the store while it is made.
impl From<kv::Error> for StartError {
    fn from(error: kv::Error) -> Self {
        Self::Service(error.into())
    }
}

impl From<Report> for StartError {
    fn from(report: Report) -> Self {
        Self::Refused(report)
    }
}
