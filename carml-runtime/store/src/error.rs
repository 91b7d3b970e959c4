//! Errors of calls.

use std::{fmt, io};

/// The class of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The service cannot be reached, or does not answer.
    Unavailable,
    /// The service asks to send less.
    Throttled,
    /// The body is shorter than announced.
    Truncated,
    /// The object was replaced while it was read.
    Changed,
    /// The bytes are not those that were stored.
    ChecksumMismatch,
    /// The disk or a quota is full.
    NoSpace,
    /// There is no such object, or no such bucket.
    NotFound,
    /// The credentials were refused.
    Unauthenticated,
    /// The operation is not permitted.
    PermissionDenied,
    /// The object is over a limit.
    TooLarge,
    /// The text is not a valid key.
    InvalidKey,
    /// An option of the call is invalid.
    InvalidArgument,
    /// The object exists, and was to be created.
    AlreadyExists,
    /// The object is not the expected one, or another is in its way.
    Conflict,
    /// The object is still the one that `if_none_match` names.
    NotModified,
    /// The range is outside of the object.
    InvalidRange,
    /// The provider does not have the call.
    Unsupported,
    /// The write may have been applied.
    Indeterminate,
    /// The transfer has ended already.
    Closed,
    /// The system reports an error.
    Io,
    /// The transfer was cancelled.
    Cancelled,
}

impl ErrorKind {
    /// Its name in metrics and traces, such as `NOT_FOUND`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unavailable => "UNAVAILABLE",
            Self::Throttled => "THROTTLED",
            Self::Truncated => "TRUNCATED",
            Self::Changed => "CHANGED",
            Self::ChecksumMismatch => "CHECKSUM_MISMATCH",
            Self::NoSpace => "NO_SPACE",
            Self::NotFound => "NOT_FOUND",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::PermissionDenied => "PERMISSION_DENIED",
            Self::TooLarge => "TOO_LARGE",
            Self::InvalidKey => "INVALID_KEY",
            Self::InvalidArgument => "INVALID_ARGUMENT",
            Self::AlreadyExists => "ALREADY_EXISTS",
            Self::Conflict => "CONFLICT",
            Self::NotModified => "NOT_MODIFIED",
            Self::InvalidRange => "INVALID_RANGE",
            Self::Unsupported => "UNSUPPORTED",
            Self::Indeterminate => "INDETERMINATE",
            Self::Closed => "CLOSED",
            Self::Io => "IO",
            Self::Cancelled => "CANCELLED",
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
    /// The call.
    pub op: &'static str,
    /// The key, or an address without credentials and query.
    pub what: String,
    /// Whether the store was changed.
    pub applied: Applied,
    /// The reason, and what to do.
    pub message: String,
    /// The underlying error.
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of a call that changed nothing, or for `Indeterminate` may have.
    pub fn new(kind: ErrorKind, op: &'static str, message: impl Into<String>) -> Self {
        let applied = match kind {
            ErrorKind::Indeterminate => Applied::Maybe,
            _ => Applied::No,
        };
        Self {
            kind,
            op,
            what: String::new(),
            applied,
            message: message.into(),
            source: None,
        }
    }

    /// An error of the system.
    pub fn io(op: &'static str, error: io::Error) -> Self {
        let (kind, message) = match error.kind() {
            io::ErrorKind::NotFound => (ErrorKind::NotFound, "it does not exist".to_owned()),
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                (ErrorKind::PermissionDenied, error.to_string())
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                (ErrorKind::NoSpace, error.to_string())
            }
            io::ErrorKind::FileTooLarge => (ErrorKind::TooLarge, error.to_string()),
            io::ErrorKind::InvalidFilename => (ErrorKind::InvalidKey, error.to_string()),
            io::ErrorKind::Unsupported => (ErrorKind::Unsupported, error.to_string()),
            _ => (ErrorKind::Io, error.to_string()),
        };
        Self::new(kind, op, message).with_source(error)
    }

    /// Sets the subject.
    #[must_use]
    pub fn with_what(mut self, what: impl Into<String>) -> Self {
        self.what = what.into();
        self
    }

    /// Sets whether the store was changed.
    #[must_use]
    pub fn with_applied(mut self, applied: Applied) -> Self {
        self.applied = applied;
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
        if !self.what.is_empty() {
            write!(f, " {:?}", self.what)?;
        }
        write!(f, ": {}", self.message)?;
        match self.applied {
            Applied::No => Ok(()),
            Applied::Maybe => f.write_str(" (the write may have been applied)"),
            Applied::Yes => f.write_str(" (the write has been applied)"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| source.as_ref() as _)
    }
}
