//! Errors of downloads.

use std::{fmt, sync::Arc, time::Duration};

/// The class of a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The server cannot be reached, was silent, or answered that it cannot serve now.
    Unavailable,
    /// The server wants fewer requests. `retry_after`: when it may be asked again, if it said so.
    Throttled {
        /// How long to wait.
        retry_after: Option<Duration>,
    },
    /// The body ended too soon.
    Truncated,
    /// The file changed on the server while it was transferred.
    Changed,
    /// The content is not the expected one.
    ChecksumMismatch,
    /// The disk has no room for the file.
    NoSpace,
    /// The server does not have the file.
    NotFound,
    /// The server wants credentials, or refused those it was given.
    Unauthenticated,
    /// The server does not permit it.
    PermissionDenied,
    /// The file is over a limit.
    TooLarge,
    /// A rule of the options does not permit it.
    Refused,
    /// The archive breaks a rule of the extractor. Nothing of it was kept.
    UnsafeArchive {
        /// The entry, escaped.
        entry: String,
        /// The rule.
        rule: Rule,
    },
    /// The file is not an archive that can be unpacked.
    UnsupportedFormat,
    /// The request, an option or a URL is invalid.
    InvalidArgument,
    /// Another process transfers the same file, and the deadline passed.
    LockTimeout,
    /// The network may not be used, and the cache does not have the file.
    Offline,
    /// The cache, or the target, cannot be read or written.
    Io,
    /// The download was cancelled.
    Cancelled,
}

impl ErrorKind {
    /// Its name in metrics and traces, such as `NOT_FOUND`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Unavailable => "UNAVAILABLE",
            Self::Throttled { .. } => "THROTTLED",
            Self::Truncated => "TRUNCATED",
            Self::Changed => "CHANGED",
            Self::ChecksumMismatch => "CHECKSUM_MISMATCH",
            Self::NoSpace => "NO_SPACE",
            Self::NotFound => "NOT_FOUND",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::PermissionDenied => "PERMISSION_DENIED",
            Self::TooLarge => "TOO_LARGE",
            Self::Refused => "REFUSED",
            Self::UnsafeArchive { .. } => "UNSAFE_ARCHIVE",
            Self::UnsupportedFormat => "UNSUPPORTED_FORMAT",
            Self::InvalidArgument => "INVALID_ARGUMENT",
            Self::LockTimeout => "LOCK_TIMEOUT",
            Self::Offline => "OFFLINE",
            Self::Io => "IO",
            Self::Cancelled => "CANCELLED",
        }
    }
}

/// A rule of the extractor of archives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// Names are relative, plain, and of a limited length and depth.
    Path,
    /// Only files, folders, and links that stay inside.
    Type,
    /// No name twice, also in another case or normal form; no file used as a folder.
    Duplicate,
    /// Bytes, entries and the ratio are limited.
    Limit,
    /// The archive is complete, and its checksums are right.
    Complete,
    /// The headers are consistent.
    Header,
}

impl Rule {
    /// What the rule asks for.
    pub fn as_str(self) -> &'static str {
        match self {
            Rule::Path => "names must be relative and portable",
            Rule::Type => "only files, folders and links that stay inside are unpacked",
            Rule::Duplicate => "names must differ, also in case and normal form",
            Rule::Limit => "the limits of `unpack` hold for what is written",
            Rule::Complete => "the archive must be complete",
            Rule::Header => "the headers must be consistent",
        }
    }
}

/// A failed operation: what was tried, on what, and why it failed. URLs are without user
/// information and query.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Error {
    /// The class.
    pub kind: ErrorKind,
    /// The operation: `download`, `unpack`, `open`.
    pub op: &'static str,
    /// The URL or the path, if one is known.
    pub what: Option<String>,
    /// The reason, and what to do.
    pub message: String,
    /// The underlying error.
    pub source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of a download.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            op: "download",
            what: None,
            message: message.into(),
            source: None,
        }
    }

    /// An error of an option.
    pub fn invalid(option: &str, why: impl fmt::Display) -> Self {
        Self::new(ErrorKind::InvalidArgument, format!("`{option}`: {why}")).with_op("open")
    }

    /// Sets the operation.
    #[must_use]
    pub fn with_op(mut self, op: &'static str) -> Self {
        self.op = op;
        self
    }

    /// Sets the URL or path, unless one is set.
    #[must_use]
    pub fn with_what(mut self, what: impl Into<String>) -> Self {
        self.what.get_or_insert_with(|| what.into());
        self
    }

    /// Sets the underlying error.
    #[must_use]
    pub fn with_source(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// Whether the cause is the request or the file, not the network or the disk: the same request
    /// fails again.
    pub fn is_input(&self) -> bool {
        use ErrorKind::{
            ChecksumMismatch, InvalidArgument, NotFound, PermissionDenied, Refused, TooLarge,
            Unauthenticated, UnsafeArchive, UnsupportedFormat,
        };
        matches!(
            self.kind,
            ChecksumMismatch
                | InvalidArgument
                | NotFound
                | PermissionDenied
                | Refused
                | TooLarge
                | Unauthenticated
                | UnsafeArchive { .. }
                | UnsupportedFormat
        )
    }

    /// Whether another attempt at the same URL may succeed.
    pub(crate) fn is_transient(&self) -> bool {
        matches!(
            self.kind,
            ErrorKind::Unavailable | ErrorKind::Throttled { .. } | ErrorKind::Truncated
        )
    }

    /// An error of the disk: of the cache, or of a target.
    pub(crate) fn io(what: &std::path::Path, tried: &str, error: std::io::Error) -> Self {
        let is_full = matches!(
            error.kind(),
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded
        );
        let kind = if is_full {
            ErrorKind::NoSpace
        } else {
            ErrorKind::Io
        };
        Self::new(kind, format!("{tried}: {error}"))
            .with_what(what.display().to_string())
            .with_source(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.op)?;
        if let Some(what) = &self.what {
            write!(f, " {}", what.escape_debug())?;
        }
        write!(f, ": {}", self.message)?;
        if let ErrorKind::UnsafeArchive { entry, rule } = &self.kind {
            write!(f, ": entry `{entry}` ({})", rule.as_str())?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let source = self.source.as_ref()?;
        Some(&**source)
    }
}
