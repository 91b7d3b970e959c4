//! Errors of calls.

use std::fmt;

use crate::Present;

/// The class of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The revision is not the expected one.
    Conflict,
    /// The text is not a valid key.
    InvalidKey,
    /// An argument is invalid.
    InvalidArgument,
    /// The value is over the limit.
    TooLarge,
    /// The backend does not have the call.
    Unsupported,
    /// The credentials were refused.
    Unauthenticated,
    /// The operation is not permitted.
    PermissionDenied,
    /// The lease has ended.
    LeaseLost,
    /// The lock is no longer held.
    LockLost,
    /// The store cannot be reached; nothing was sent.
    Unavailable,
    /// The write may have been applied.
    Indeterminate,
    /// A quota is used up, or the disk is full.
    Exhausted,
    /// Another holder has it.
    Busy,
    /// Stored data cannot be decoded.
    Corrupted,
    /// The store was closed.
    Closed,
}

impl ErrorKind {
    /// Its name in metrics and traces, such as `NOT_FOUND`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Conflict => "CONFLICT",
            Self::InvalidKey => "INVALID_KEY",
            Self::InvalidArgument => "INVALID_ARGUMENT",
            Self::TooLarge => "TOO_LARGE",
            Self::Unsupported => "UNSUPPORTED",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::PermissionDenied => "PERMISSION_DENIED",
            Self::LeaseLost => "LEASE_LOST",
            Self::LockLost => "LOCK_LOST",
            Self::Unavailable => "UNAVAILABLE",
            Self::Indeterminate => "INDETERMINATE",
            Self::Exhausted => "EXHAUSTED",
            Self::Busy => "BUSY",
            Self::Corrupted => "CORRUPTED",
            Self::Closed => "CLOSED",
        }
    }
}

/// Whether the operation changed the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Applied {
    /// It did not.
    No,
    /// It may have.
    Maybe,
    /// It did.
    Yes,
}

/// A failed call: the call, its subject, and the reason.
#[derive(Debug)]
#[non_exhaustive]
pub struct Error {
    /// The class.
    pub kind: ErrorKind,
    /// The provider, if one was involved.
    pub backend: Option<&'static str>,
    /// The call.
    pub op: &'static str,
    /// The key, if there is one.
    pub key: Option<String>,
    /// Whether the store was changed.
    pub applied: Applied,
    /// For `Conflict`: what is there instead of the expected revision.
    pub present: Option<Present>,
    /// The reason, and what to do.
    pub message: String,
    /// The underlying error.
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of a call that changed nothing, or for `Indeterminate` may have.
    pub fn new(kind: ErrorKind, op: &'static str, message: impl Into<String>) -> Self {
        let applied = if kind == ErrorKind::Indeterminate {
            Applied::Maybe
        } else {
            Applied::No
        };
        Error {
            kind,
            backend: None,
            op,
            key: None,
            applied,
            present: None,
            message: message.into(),
            source: None,
        }
    }
    /// Sets the backend.
    #[must_use]
    pub fn with_backend(mut self, backend: &'static str) -> Self {
        self.backend = Some(backend);
        self
    }
    /// Sets the key.
    #[must_use]
    pub fn with_key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }
    /// Sets the underlying error.
    #[must_use]
    pub fn with_source(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.source = Some(source.into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.op)?;
        if let Some(key) = &self.key {
            write!(f, " {key:?}")?;
        }
        if let Some(backend) = self.backend {
            write!(f, " on {backend}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|s| s.as_ref() as _)
    }
}
