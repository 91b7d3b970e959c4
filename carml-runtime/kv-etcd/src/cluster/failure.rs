//! Why a request failed, and whether the store may have changed.

use std::{error::Error as _, time::Duration};

use carml_kv::{Error, ErrorKind};
use etcd_client::Error as EtcdError;
use tonic::{Code, ConnectError, Status};

/// What happened to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The server refused it: nothing was changed, and another attempt would fail alike.
    Refused(ErrorKind),
    /// It was never sent, or the server did not begin it.
    Unsent,
    /// It may have been executed.
    Unknown,
}

pub(crate) struct Failure {
    pub(crate) outcome: Outcome,
    pub(crate) message: String,
    source: Option<EtcdError>,
}

impl Failure {
    /// No answer while connecting and logging in.
    pub(crate) fn not_connected(waited: Duration) -> Failure {
        Failure {
            outcome: Outcome::Unsent,
            message: format!("no connection within {waited:.1?}"),
            source: None,
        }
    }

    /// No answer to a request.
    pub(crate) fn silent(waited: Duration) -> Failure {
        Failure {
            outcome: Outcome::Unknown,
            message: format!("no answer within {waited:.1?}"),
            source: None,
        }
    }

    /// Of connecting and logging in: the request itself was not sent.
    pub(crate) fn connecting(error: EtcdError) -> Failure {
        let mut failure = Failure::of(error);
        if failure.outcome == Outcome::Unknown {
            failure.outcome = Outcome::Unsent;
        }
        failure
    }

    pub(crate) fn of(error: EtcdError) -> Failure {
        let (outcome, message) = match &error {
            EtcdError::GRpcStatus(status) => (outcome(status), describe(status)),
            EtcdError::TransportError(e) => (Outcome::Unsent, chain(e)),
            EtcdError::LeaseKeepAliveError(text) if text == "lease not found" => (
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
        Failure {
            outcome,
            message,
            source: Some(error),
        }
    }

    /// Whether the connection is to be replaced: the server did not answer on it.
    pub(crate) fn is_of_connection(&self) -> bool {
        match &self.source {
            Some(EtcdError::GRpcStatus(status)) => status.source().is_some(),
            _ => !matches!(self.outcome, Outcome::Refused(_)),
        }
    }

    pub(crate) fn into_error(self, kind: ErrorKind, op: &'static str, server: &str) -> Error {
        let error = Error::new(kind, op, format!("{} ({server})", self.message))
            .with_backend(crate::PROVIDER);
        match self.source {
            Some(source) => error.with_source(source),
            None => error,
        }
    }
}

/// Texts of etcd's errors, which say more than their codes.
const KNOWN: &[(&str, Outcome)] = &[
    ("lease not found", Outcome::Refused(ErrorKind::LeaseLost)),
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
        return chain(source);
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

/// An error and its causes, each once.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
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
        Failure::of(EtcdError::GRpcStatus(Status::new(code, message))).outcome
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
        let failure = Failure::connecting(EtcdError::GRpcStatus(timed_out));
        assert_eq!(failure.outcome, Outcome::Unsent);
    }
}
