//! Why a request failed, and whether the store may have changed.

use std::{error::Error as StdError, time::Duration};

use crate::{Error, ErrorKind};

/// What happened to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server refused it: nothing was changed, and another attempt would fail alike.
    Refused(ErrorKind),
    /// It was never sent, or the server did not begin it.
    Unsent,
    /// It may have been executed.
    Unknown,
}

/// A failed request.
#[derive(Debug)]
pub struct Failure {
    /// What happened to it.
    pub outcome: Outcome,
    /// The reason.
    pub message: String,
    /// The error of the library that sent it.
    pub source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Failure {
    /// A failure without an underlying error.
    pub fn new(outcome: Outcome, message: impl Into<String>) -> Failure {
        Failure {
            outcome,
            message: message.into(),
            source: None,
        }
    }

    /// No answer while connecting and logging in.
    pub fn not_connected(waited: Duration) -> Failure {
        Failure::new(
            Outcome::Unsent,
            format!("no connection within {waited:.1?}"),
        )
    }

    /// No answer to a request.
    pub fn silent(waited: Duration) -> Failure {
        Failure::new(Outcome::Unknown, format!("no answer within {waited:.1?}"))
    }

    /// Sets the underlying error.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Failure {
        self.source = Some(source.into());
        self
    }

    /// The error of a call that sent this request to this server last.
    pub fn into_error(
        self,
        kind: ErrorKind,
        op: &'static str,
        provider: &'static str,
        server: &str,
    ) -> Error {
        let error =
            Error::new(kind, op, format!("{} ({server})", self.message)).with_backend(provider);
        match self.source {
            Some(source) => error.with_source(source),
            None => error,
        }
    }
}

/// An error and its causes, each once.
pub fn causes(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}
