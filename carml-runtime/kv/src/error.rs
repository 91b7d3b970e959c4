//! What can go wrong, and whether a write may have happened.
use std::fmt;

/// The class of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The key does not exist.
    NotFound,
    /// The revision is not the expected one.
    Conflict,
    /// The text is not a key.
    InvalidKey,
    /// An argument makes no sense.
    InvalidArgument,
    /// The value is over the limit.
    TooLarge,
    /// The backend lacks the call.
    Unsupported,
    /// The credentials were refused.
    Unauthenticated,
    /// The user may not do this.
    PermissionDenied,
    /// The lease has ended.
    LeaseLost,
    /// The lock is no longer held.
    LockLost,
    /// The history asked for is gone.
    Compacted,
    /// Nothing was sent.
    Unavailable,
    /// The write may have been applied.
    Indeterminate,
    /// A quota or the disk is full.
    Exhausted,
    /// Held by someone else at present.
    Busy,
    /// Stored data does not decode.
    Corrupted,
    /// The store was closed.
    Closed,
}

/// Whether the operation changed the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Applied {
    /// Nothing changed.
    No,
    /// It may have.
    Maybe,
    /// It did.
    Yes,
}

/// A failed call: what was tried, on what, and why it failed.
#[derive(Debug)]
#[non_exhaustive]
pub struct Error {
    /// The class.
    pub kind: ErrorKind,
    /// The provider, where one was involved.
    pub backend: Option<&'static str>,
    /// The call.
    pub op: &'static str,
    /// The key, where there is one.
    pub key: Option<String>,
    /// Whether the store changed.
    pub applied: Applied,
    /// Why, and what to do.
    pub message: String,
    /// The cause underneath.
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// A failure that changed nothing (`Indeterminate`: that may have).
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
            message: message.into(),
            source: None,
        }
    }
    /// Names the backend.
    #[must_use]
    pub fn with_backend(mut self, backend: &'static str) -> Self {
        self.backend = Some(backend);
        self
    }
    /// Names the key.
    #[must_use]
    pub fn with_key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }
    /// Keeps the cause.
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
