//! Faults of the key/value store as statuses, and back.
//!
//! The class and the call travel in `google.rpc.ErrorInfo` (AIP-193), so that a caller need not
//! read the text.

use std::collections::HashMap;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::{
    Applied, Error,
    ErrorKind::{self, *},
};

/// `ErrorInfo.domain`.
const DOMAIN: &str = "kv.carml";

/// Class, `ErrorInfo.reason`, code.
const CLASSES: [(ErrorKind, &str, Code); 17] = [
    (NotFound, "NOT_FOUND", Code::NotFound),
    (Conflict, "CONFLICT", Code::Aborted),
    (InvalidKey, "INVALID_KEY", Code::InvalidArgument),
    (InvalidArgument, "INVALID_ARGUMENT", Code::InvalidArgument),
    (TooLarge, "TOO_LARGE", Code::ResourceExhausted),
    (Unsupported, "UNSUPPORTED", Code::Unimplemented),
    // The service's own credentials: nothing that its caller could mend.
    (Unauthenticated, "UNAUTHENTICATED", Code::Internal),
    (PermissionDenied, "PERMISSION_DENIED", Code::Internal),
    (LeaseLost, "LEASE_LOST", Code::FailedPrecondition),
    (LockLost, "LOCK_LOST", Code::FailedPrecondition),
    (Compacted, "COMPACTED", Code::OutOfRange),
    (Unavailable, "UNAVAILABLE", Code::Unavailable),
    // Not UNAVAILABLE, which clients retry by themselves.
    (Indeterminate, "INDETERMINATE", Code::Unknown),
    (Exhausted, "EXHAUSTED", Code::ResourceExhausted),
    (Busy, "BUSY", Code::Aborted),
    (Corrupted, "CORRUPTED", Code::DataLoss),
    (Closed, "CLOSED", Code::Unavailable),
];

impl From<Error> for Status {
    fn from(error: Error) -> Status {
        let class = CLASSES.iter().find(|(kind, ..)| *kind == error.kind);
        let (_, reason, code) = class.copied().unwrap_or((error.kind, "", Code::Internal));
        let (text, why) = match code {
            Code::Internal | Code::DataLoss => {
                tracing::error!(error = &error as &dyn std::error::Error, "the store failed");
                let text = "the key/value store failed; the server's log says how";
                (text.to_owned(), text.to_owned())
            }
            _ => (error.to_string(), error.message),
        };
        let mut facts = HashMap::from([
            ("call".to_owned(), error.op.to_owned()),
            ("applied".to_owned(), applied(error.applied).to_owned()),
            ("why".to_owned(), why),
        ]);
        facts.extend(error.backend.map(|b| ("backend".to_owned(), b.to_owned())));
        facts.extend(error.key.map(|key| ("key".to_owned(), key)));
        Status::with_error_details(
            code,
            text,
            ErrorDetails::with_error_info(reason, DOMAIN, facts),
        )
    }
}

/// Understands the status of a store that is served. One that is not a store's, as of a broken
/// connection, says nothing of what became of the call.
impl From<Status> for Error {
    fn from(status: Status) -> Error {
        let info = status.get_details_error_info();
        let info = info.filter(|info| info.domain == DOMAIN);
        let class = info
            .as_ref()
            .and_then(|info| CLASSES.iter().find(|(_, reason, _)| *reason == info.reason));
        let kind = class.map_or_else(|| unknown(status.code()), |(kind, ..)| *kind);
        let mut error = Error::new(kind, "call", status.message());
        if let Some(info) = info {
            if info.metadata.get("applied").map(String::as_str) == Some("yes") {
                error.applied = Applied::Yes;
            }
            error.key = info.metadata.get("key").cloned();
            if let Some(why) = info.metadata.get("why") {
                error.message.clone_from(why);
            }
        }
        error.with_source(status)
    }
}

fn unknown(code: Code) -> ErrorKind {
    match code {
        Code::InvalidArgument => InvalidArgument,
        Code::Unimplemented => Unsupported,
        Code::Unauthenticated => Unauthenticated,
        Code::PermissionDenied => PermissionDenied,
        Code::ResourceExhausted => Exhausted,
        // Whether the call arrived cannot be told.
        _ => Indeterminate,
    }
}

fn applied(applied: Applied) -> &'static str {
    match applied {
        Applied::No => "no",
        Applied::Maybe => "maybe",
        Applied::Yes => "yes",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_survives_the_way_to_a_caller_and_back() {
        for (kind, _, code) in CLASSES {
            let error = Error::new(kind, "put", "why")
                .with_backend("redb")
                .with_key("a/b");
            let status = Status::from(error);
            assert_eq!(status.code(), code);
            let back = Error::from(status);
            assert_eq!(back.kind, kind);
            assert_eq!(back.key.as_deref(), Some("a/b"));
        }
    }

    #[test]
    fn what_a_caller_cannot_mend_is_not_told() {
        let status = Status::from(Error::new(Unauthenticated, "get", "user carml, 10.0.0.7"));
        assert_eq!(status.code(), Code::Internal);
        let details = String::from_utf8_lossy(status.details()).into_owned();
        assert!(!format!("{}{details}", status.message()).contains("10.0.0.7"));
    }

    #[test]
    fn a_broken_connection_leaves_a_write_undecided() {
        let error = Error::from(Status::unavailable("connection reset"));
        assert_eq!((error.kind, error.applied), (Indeterminate, Applied::Maybe));
    }
}
