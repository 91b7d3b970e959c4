//! What a failed request means for the caller.

use std::error::Error as StdError;

use carml_store::{Error, ErrorKind};

use crate::transport::{Cause, Failure};

/// The call that failed, and its subject.
pub(crate) struct Context<'a> {
    op: &'static str,
    key: &'a str,
}

impl<'a> Context<'a> {
    pub(crate) fn new(op: &'static str, key: &'a str) -> Self {
        Self { op, key }
    }

    /// As the store reports it.
    pub(crate) fn error(&self, error: opendal_core::Error) -> Error {
        match failure(&error) {
            Some(failure) => self.failure(failure).with_source(error),
            None => {
                let (kind, message) = library(&error);
                Error::new(kind, self.op, message)
                    .with_what(self.key)
                    .with_source(error)
            }
        }
    }

    pub(crate) fn failure(&self, failure: &Failure) -> Error {
        let kind = kind(failure);
        let message = match hint(failure) {
            Some(hint) => format!("{failure}; {hint}"),
            None if kind == ErrorKind::NotFound => "there is no such object".to_owned(),
            None => failure.to_string(),
        };
        Error::new(kind, self.op, message).with_what(self.key)
    }
}

/// The failed request behind an error of OpenDAL.
pub(crate) fn failure(error: &opendal_core::Error) -> Option<&Failure> {
    let mut source = error.source();
    while let Some(inner) = source {
        if let Some(failure) = inner.downcast_ref() {
            return Some(failure);
        }
        source = inner.source();
    }
    None
}

fn kind(failure: &Failure) -> ErrorKind {
    let refusal = match &failure.cause {
        Cause::Unsent(_) | Cause::Answer(_) => return ErrorKind::Unavailable,
        Cause::Cut(_) if failure.op == "GetObject" => return ErrorKind::Truncated,
        Cause::Cut(_) => return ErrorKind::Unavailable,
        Cause::Range(_) => return ErrorKind::Io,
        Cause::Status(refusal) => refusal,
    };
    match (refusal.code.as_str(), refusal.status) {
        ("SlowDown" | "TooManyRequests", _) | (_, 429) => ErrorKind::Throttled,
        (_, 503) if failure.cause.asks_for_a_pause() => ErrorKind::Throttled,
        (code, _) if is_credential(code) => ErrorKind::Unauthenticated,
        ("EntityTooLarge", _) | (_, 413) => ErrorKind::TooLarge,
        ("InvalidRange", _) | (_, 416) => ErrorKind::InvalidRange,
        ("QuotaExceeded", _) | (_, 507) => ErrorKind::NoSpace,
        (_, 304) => ErrorKind::NotModified,
        (_, 401) => ErrorKind::Unauthenticated,
        (_, 403) => ErrorKind::PermissionDenied,
        (_, 404) => ErrorKind::NotFound,
        (_, 409 | 412) => ErrorKind::Conflict,
        (_, 200 | 408 | 500..) => ErrorKind::Unavailable,
        _ => ErrorKind::Io,
    }
}

fn is_credential(code: &str) -> bool {
    matches!(
        code,
        "InvalidAccessKeyId"
            | "SignatureDoesNotMatch"
            | "ExpiredToken"
            | "InvalidToken"
            | "TokenRefreshRequired"
            | "RequestTimeTooSkewed"
            | "AuthorizationHeaderMalformed"
            // What versitygw says of a key that it does not know.
            | "XAdminUserNotFound"
    )
}

/// What to do.
fn hint(failure: &Failure) -> Option<&'static str> {
    let Cause::Status(refusal) = &failure.cause else {
        return None;
    };
    Some(match (refusal.code.as_str(), refusal.status) {
        ("NoSuchBucket", _) => "create the bucket, or correct `store.bucket`",
        ("RequestTimeTooSkewed", _) => "set the clock of this machine",
        ("ExpiredToken", _) => "the temporary credentials have expired: get new ones",
        ("AuthorizationHeaderMalformed", _) | (_, 301 | 307 | 308) => {
            "check `store.region` and `store.endpoint`"
        }
        (code, _) if is_credential(code) => "check `store.access_key` and `store.secret_key`",
        _ => return None,
    })
}

/// An error of OpenDAL's own.
fn library(error: &opendal_core::Error) -> (ErrorKind, String) {
    use opendal_core::ErrorKind as Kind;
    let kind = match error.kind() {
        Kind::NotFound => ErrorKind::NotFound,
        Kind::PermissionDenied => ErrorKind::PermissionDenied,
        Kind::RateLimited => ErrorKind::Throttled,
        Kind::ConditionNotMatch | Kind::Conflict => ErrorKind::Conflict,
        Kind::RangeNotSatisfied => ErrorKind::InvalidRange,
        Kind::Unsupported => ErrorKind::Unsupported,
        Kind::ConfigInvalid => ErrorKind::InvalidArgument,
        Kind::Unexpected if error.is_temporary() => ErrorKind::Truncated,
        _ => ErrorKind::Io,
    };
    (kind, error.message().to_owned())
}
