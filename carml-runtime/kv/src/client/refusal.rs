//! Errors that every such backend has.

use crate::{Error, ErrorKind, Key, Present, Revision};

/// The condition on a key's revision is not met.
pub fn conflict(
    provider: &'static str,
    op: &'static str,
    key: &Key,
    expected: Option<Revision>,
    found: impl Into<Present>,
) -> Error {
    let (expected, found) = (Present::from(expected), found.into());
    let why = format!("the revision is not the expected one: expected {expected}, found {found}");
    let mut error = Error::new(ErrorKind::Conflict, op, why)
        .with_backend(provider)
        .with_key(key.as_str());
    error.present = Some(found);
    error
}

/// The lock on a key is not held with a token.
pub fn not_held(provider: &'static str, op: &'static str, key: &Key, token: u64) -> Error {
    let why = format!("the lock is not held with the token {token}");
    Error::new(ErrorKind::LockLost, op, why)
        .with_backend(provider)
        .with_key(key.as_str())
}

/// The server's answer is not one to the request.
pub fn misunderstood(provider: &'static str, op: &'static str) -> Error {
    let why = "the server's answer does not fit the request";
    Error::new(ErrorKind::Indeterminate, op, why).with_backend(provider)
}

/// Calls that wait for another client outlast it.
pub fn is_passing(error: &Error) -> bool {
    matches!(
        error.kind,
        ErrorKind::Unavailable | ErrorKind::Indeterminate
    )
}

/// The error of a stream, for one of its readers.
pub fn copy(error: &Error) -> Error {
    let mut copy = Error::new(error.kind, error.op, error.message.clone());
    (copy.backend, copy.key) = (error.backend, error.key.clone());
    copy.present = error.present;
    copy
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_outlasts_only_what_passes() {
        let error = |kind| Error::new(kind, "lock", "why");
        assert!(is_passing(&error(ErrorKind::Unavailable)));
        for kind in [
            ErrorKind::PermissionDenied,
            ErrorKind::Closed,
            ErrorKind::Exhausted,
        ] {
            assert!(!is_passing(&error(kind)), "{kind:?}");
        }
    }
}
