//! Errors that every such backend has.

use crate::{Error, ErrorKind, Key, Revision};

/// The condition on a key's revision is not met.
pub fn conflict(
    provider: &'static str,
    op: &'static str,
    key: &Key,
    expected: Option<Revision>,
    found: Option<Revision>,
) -> Error {
    let (expected, found) = (shown(expected), shown(found));
    let why = format!("the revision is not the expected one: expected {expected}, found {found}");
    Error::new(ErrorKind::Conflict, op, why)
        .with_backend(provider)
        .with_key(key.as_str())
}

fn shown(revision: Option<Revision>) -> String {
    match revision {
        Some(Revision(revision)) => format!("revision {revision}"),
        None => "no such key".to_owned(),
    }
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
