//! Why a request failed, and whether the store may have changed.

use std::error::Error as _;

use carml_kv::{
    Error, ErrorKind,
    client::{Failure, Outcome, causes},
};
use etcd_client::Error as EtcdError;
use tonic::{Code, ConnectError, Status};

/// What the server and the client library say of a lease that has ended.
pub(crate) const LEASE_NOT_FOUND: &str = "lease not found";

/// Of connecting and logging in: the request itself was not sent.
pub(super) fn connecting(error: EtcdError) -> Failure {
    let mut failure = requesting(error);
    if failure.outcome == Outcome::Unknown {
        failure.outcome = Outcome::Unsent;
    }
    failure
}

/// Of a request.
pub(super) fn requesting(error: EtcdError) -> Failure {
    let (outcome, message) = match &error {
        EtcdError::GRpcStatus(status) => (outcome(status), describe(status)),
        EtcdError::TransportError(e) => (Outcome::Unsent, causes(e)),
        EtcdError::LeaseKeepAliveError(text) if text == LEASE_NOT_FOUND => (
            Outcome::Refused(ErrorKind::LeaseLost),
            "the lease has ended".to_owned(),
        ),
        EtcdError::InvalidArgs(_)
        | EtcdError::InvalidUri(_)
        | EtcdError::InvalidMetadataValue(_) => (
            Outcome::Refused(ErrorKind::InvalidArgument),
            error.to_string(),
        ),
        _ => (Outcome::Unknown, error.to_string()),
    };
    Failure::new(outcome, message).with_source(error)
}

/// Whether the connection is to be replaced: the server did not answer on it.
pub(super) fn is_of_connection(failure: &Failure) -> bool {
    let source = failure.source.as_ref().and_then(|e| e.downcast_ref());
    match source {
        Some(EtcdError::GRpcStatus(status)) => status.source().is_some(),
        _ => !matches!(failure.outcome, Outcome::Refused(_)),
    }
}

/// Texts of etcd's errors, which say more than their codes.
const KNOWN: &[(&str, Outcome)] = &[
    (LEASE_NOT_FOUND, Outcome::Refused(ErrorKind::LeaseLost)),
    (
        "request is too large",
        Outcome::Refused(ErrorKind::TooLarge),
    ),
    (
        "received message larger than max",
        Outcome::Refused(ErrorKind::TooLarge),
    ),
    (
        "message length too large",
        Outcome::Refused(ErrorKind::TooLarge),
    ),
    (
        "database space exceeded",
        Outcome::Refused(ErrorKind::Exhausted),
    ),
    (
        "permission denied",
        Outcome::Refused(ErrorKind::PermissionDenied),
    ),
    (
        "user name is empty",
        Outcome::Refused(ErrorKind::Unauthenticated),
    ),
    (
        "authentication failed",
        Outcome::Refused(ErrorKind::Unauthenticated),
    ),
    (
        "authentication is not enabled",
        Outcome::Refused(ErrorKind::Unauthenticated),
    ),
    (
        "invalid auth token",
        Outcome::Refused(ErrorKind::Unauthenticated),
    ),
    // Both are refused before the request is proposed to the cluster.
    ("etcdserver: no leader", Outcome::Unsent),
    ("too many requests", Outcome::Unsent),
];

fn outcome(status: &Status) -> Outcome {
    let known = KNOWN
        .iter()
        .find(|(text, _)| status.message().contains(text));
    if let Some((_, outcome)) = known {
        return *outcome;
    }
    if never_connected(status) {
        return Outcome::Unsent;
    }
    match status.code() {
        Code::PermissionDenied => Outcome::Refused(ErrorKind::PermissionDenied),
        Code::Unauthenticated => Outcome::Refused(ErrorKind::Unauthenticated),
        Code::ResourceExhausted => Outcome::Refused(ErrorKind::Exhausted),
        Code::InvalidArgument
        | Code::FailedPrecondition
        | Code::OutOfRange
        | Code::NotFound
        | Code::AlreadyExists
        | Code::Unimplemented => Outcome::Refused(ErrorKind::InvalidArgument),
        _ => Outcome::Unknown,
    }
}

fn never_connected(status: &Status) -> bool {
    let mut source = status.source();
    while let Some(error) = source {
        if error.is::<ConnectError>() {
            return true;
        }
        source = error.source();
    }
    false
}

fn describe(status: &Status) -> String {
    if let Some(source) = status.source() {
        return causes(source);
    }
    let message = status.message();
    let advice = match status.code() {
        Code::Unimplemented => "; this is not a server of etcd v3",
        _ if message.contains("authentication is not enabled") => {
            "; remove the user name, or enable authentication on the server"
        }
        _ if message.contains("user name is empty") => {
            "; the server wants a user name and password"
        }
        _ if message.contains("database space exceeded") => {
            "; compact and defragment, then disarm the alarm"
        }
        _ => "",
    };
    format!("{}{advice}", message.trim_start_matches("etcdserver: "))
}

fn status(error: &Error) -> Option<&Status> {
    match error.source.as_ref()?.downcast_ref::<EtcdError>()? {
        EtcdError::GRpcStatus(status) => Some(status),
        _ => None,
    }
}

/// The answer is over the limit of a message.
pub(crate) fn is_too_large(error: &Error) -> bool {
    error.kind == ErrorKind::TooLarge && status(error).is_some()
}

/// The revision was compacted, or the server has not reached it yet.
pub(crate) fn is_not_at_revision(error: &Error) -> bool {
    status(error).is_some_and(|status| {
        let text = status.message();
        status.code() == Code::OutOfRange
            && (text.contains("has been compacted") || text.contains("future revision"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome_of(code: Code, message: &str) -> Outcome {
        requesting(EtcdError::GRpcStatus(Status::new(code, message))).outcome
    }

    #[test]
    fn only_a_refusal_says_that_nothing_was_changed() {
        let refused = |kind| Outcome::Refused(kind);
        for (code, message, outcome) in [
            (
                Code::NotFound,
                "etcdserver: requested lease not found",
                refused(ErrorKind::LeaseLost),
            ),
            (
                Code::ResourceExhausted,
                "etcdserver: mvcc: database space exceeded",
                refused(ErrorKind::Exhausted),
            ),
            (
                Code::InvalidArgument,
                "etcdserver: authentication failed, invalid user ID or password",
                refused(ErrorKind::Unauthenticated),
            ),
            (
                Code::ResourceExhausted,
                "grpc: received message larger than max (2097200 vs. 2097152)",
                refused(ErrorKind::TooLarge),
            ),
            (Code::Unavailable, "etcdserver: no leader", Outcome::Unsent),
            (
                Code::Unavailable,
                "etcdserver: request timed out",
                Outcome::Unknown,
            ),
            (
                Code::Unavailable,
                "etcdserver: leader changed",
                Outcome::Unknown,
            ),
            (Code::Unknown, "context canceled", Outcome::Unknown),
        ] {
            assert_eq!(outcome_of(code, message), outcome, "{message}");
        }
    }

    #[test]
    fn a_failed_login_sent_no_request() {
        let timed_out = Status::new(Code::Unavailable, "etcdserver: request timed out");
        let failure = connecting(EtcdError::GRpcStatus(timed_out));
        assert_eq!(failure.outcome, Outcome::Unsent);
    }
}
