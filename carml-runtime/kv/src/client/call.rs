//! What is called, and how often it may be sent.

use std::time::Duration;

use crate::Error;

/// What is called, and how often it may be sent.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    op: &'static str,
    key: Option<&'a str>,
    repeat: bool,
    limit: Option<Duration>,
    cleanup: bool,
}

impl<'a> Call<'a> {
    /// A call that may be executed twice.
    pub fn read(op: &'static str) -> Call<'a> {
        Call {
            op,
            key: None,
            repeat: true,
            limit: None,
            cleanup: false,
        }
    }

    /// A call that is executed at most once.
    pub fn write(op: &'static str) -> Call<'a> {
        Call {
            repeat: false,
            ..Call::read(op)
        }
    }

    /// A call that may be executed twice, and that is sent even after a close.
    pub fn cleanup(op: &'static str) -> Call<'a> {
        Call {
            cleanup: true,
            ..Call::read(op)
        }
    }

    /// About a key, for errors.
    #[must_use]
    pub fn on(self, key: &'a str) -> Call<'a> {
        Call {
            key: Some(key),
            ..self
        }
    }

    /// With less time for each request than the options give.
    #[must_use]
    pub fn within(self, limit: Duration) -> Call<'a> {
        Call {
            limit: Some(limit),
            ..self
        }
    }

    /// The name of the call.
    pub fn op(&self) -> &'static str {
        self.op
    }

    /// May be sent again after a failure that leaves open whether it was executed.
    pub fn is_repeatable(&self) -> bool {
        self.repeat
    }

    pub(super) fn limit(&self) -> Option<Duration> {
        self.limit
    }

    pub(super) fn is_cleanup(&self) -> bool {
        self.cleanup
    }

    /// An error of this call.
    pub fn about(&self, error: Error) -> Error {
        match self.key {
            Some(key) => error.with_key(key),
            None => error,
        }
    }
}
