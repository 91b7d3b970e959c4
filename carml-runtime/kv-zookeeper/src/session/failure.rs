//! What an error of the client library means.

use carml_kv::{
    ErrorKind,
    client::{Failure, Outcome},
};
use zookeeper_client::Error as ZkError;

/// Why a request failed.
pub(crate) fn failure(error: ZkError) -> Failure {
    let (outcome, message) = match &error {
        ZkError::NoAuth => (
            Outcome::Refused(ErrorKind::PermissionDenied),
            "not authorized: the node's ACL does not allow it; check the user, the password and the \
             ACL"
                .to_owned(),
        ),
        ZkError::AuthFailed => (
            Outcome::Refused(ErrorKind::Unauthenticated),
            "authentication failed".to_owned(),
        ),
        ZkError::QuotaExceeded => (
            Outcome::Refused(ErrorKind::Exhausted),
            "the quota of the node is used up".to_owned(),
        ),
        ZkError::Unimplemented => (
            Outcome::Refused(ErrorKind::Unsupported),
            "the server is too old: ZooKeeper 3.6 or later is needed".to_owned(),
        ),
        ZkError::NoChildrenForEphemerals => (
            Outcome::Refused(ErrorKind::InvalidArgument),
            LEASED_PARENT.to_owned(),
        ),
        ZkError::BadArguments(_) | ZkError::InvalidAcl => (
            Outcome::Refused(ErrorKind::InvalidArgument),
            error.to_string(),
        ),
        // The server did not execute it, or the session ended before it was sent.
        ZkError::SessionExpired
        | ZkError::SessionMoved
        | ZkError::ClientClosed
        | ZkError::NotReadOnly
        | ZkError::Throttled
        | ZkError::NoHosts => (Outcome::Unsent, error.to_string()),
        _ => (Outcome::Unknown, error.to_string()),
    };
    Failure::new(outcome, message).with_source(error)
}

/// ZooKeeper's ephemeral nodes, which leased keys are, have no children.
pub(crate) const LEASED_PARENT: &str = "on ZooKeeper a key with a lease cannot have keys below it";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_connection_leaves_open_what_happened() {
        for (error, outcome) in [
            (ZkError::ConnectionLoss, Outcome::Unknown),
            (ZkError::Timeout, Outcome::Unknown),
            (ZkError::SessionExpired, Outcome::Unsent),
            (
                ZkError::NoAuth,
                Outcome::Refused(ErrorKind::PermissionDenied),
            ),
        ] {
            assert_eq!(failure(error).outcome, outcome);
        }
    }
}
