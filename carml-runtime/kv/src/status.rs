//! Errors of the key/value store as gRPC statuses, and back.
//!
//! The kind and the call are in `google.rpc.ErrorInfo` (AIP-193), so that a caller need not parse
//! the text.

use std::collections::HashMap;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::{
    Applied, Error,
    ErrorKind::{self, *},
    Present, Revision,
};

/// `ErrorInfo.domain`.
const DOMAIN: &str = "kv.carml";

/// The codes of the kinds. The name of a kind is its `ErrorInfo.reason`.
const KINDS: [(ErrorKind, Code); 15] = [
    (Conflict, Code::Aborted),
    (InvalidKey, Code::InvalidArgument),
    (InvalidArgument, Code::InvalidArgument),
    // Not RESOURCE_EXHAUSTED: clients retry that, and the value stays too large.
    (TooLarge, Code::InvalidArgument),
    (Unsupported, Code::Unimplemented),
    // Credentials of the service, which its caller cannot fix.
    (Unauthenticated, Code::Internal),
    (PermissionDenied, Code::Internal),
    (LeaseLost, Code::FailedPrecondition),
    (LockLost, Code::FailedPrecondition),
    (Unavailable, Code::Unavailable),
    // Not UNAVAILABLE: clients retry that automatically.
    (Indeterminate, Code::Unknown),
    (Exhausted, Code::ResourceExhausted),
    (Busy, Code::Aborted),
    (Corrupted, Code::DataLoss),
    (Closed, Code::Unavailable),
];

impl From<Error> for Status {
    fn from(error: Error) -> Status {
        let class = KINDS.iter().find(|(kind, _)| *kind == error.kind);
        let code = class.map_or(Code::Internal, |(_, code)| *code);
        let (text, why) = match code {
            Code::Internal | Code::DataLoss => {
                tracing::error!(error = &error as &dyn std::error::Error, "the store failed");
                let text = "the key/value store failed; see the log of the server";
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
        let revision = error.present.and_then(revision);
        facts.extend(revision.map(|revision| ("revision".to_owned(), revision.to_string())));
        Status::with_error_details(
            code,
            text,
            ErrorDetails::with_error_info(error.kind.as_str(), DOMAIN, facts),
        )
    }
}

/// Reads the status of a served store. A status from elsewhere, such as a broken connection, does
/// not tell whether the call was applied.
impl From<Status> for Error {
    fn from(status: Status) -> Error {
        let info = status.get_details_error_info();
        let info = info.filter(|info| info.domain == DOMAIN);
        let class = info
            .as_ref()
            .and_then(|info| KINDS.iter().find(|(kind, _)| kind.as_str() == info.reason));
        let kind = class.map_or_else(|| unknown(status.code()), |(kind, _)| *kind);
        let mut error = Error::new(kind, "call", status.message());
        if let Some(info) = info {
            if info.metadata.get("applied").map(String::as_str) == Some("yes") {
                error.applied = Applied::Yes;
            }
            error.key = info.metadata.get("key").cloned();
            let revision = info.metadata.get("revision");
            error.present = revision.and_then(|text| text.parse().ok()).map(present);
            if let Some(why) = info.metadata.get("why") {
                error.message.clone_from(why);
            }
        }
        error.with_source(status)
    }
}

/// What is there instead of the expected revision; 0 if there is no such key.
fn revision(present: Present) -> Option<u64> {
    match present {
        Present::Missing => Some(0),
        Present::At(Revision(revision)) => Some(revision),
        Present::Exists => None,
    }
}

fn present(revision: u64) -> Present {
    match revision {
        0 => Present::Missing,
        revision => Present::At(Revision(revision)),
    }
}

fn unknown(code: Code) -> ErrorKind {
    match code {
        Code::InvalidArgument => InvalidArgument,
        Code::Unimplemented => Unsupported,
        Code::Unauthenticated => Unauthenticated,
        Code::PermissionDenied => PermissionDenied,
        Code::ResourceExhausted => Exhausted,
        // Whether the call arrived is unknown.
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
    fn every_kind_survives_the_round_trip() {
        for (kind, code) in KINDS {
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
    fn a_conflict_has_the_present_revision() {
        for found in [Some(Present::Missing), Some(Present::At(Revision(7))), None] {
            let mut error = Error::new(Conflict, "atomic_put", "why");
            error.present = found;
            assert_eq!(Error::from(Status::from(error)).present, found);
        }
    }

    #[test]
    fn internal_details_are_not_sent_to_the_caller() {
        let status = Status::from(Error::new(Unauthenticated, "get", "user carml, 10.0.0.7"));
        assert_eq!(status.code(), Code::Internal);
        let details = String::from_utf8_lossy(status.details()).into_owned();
        assert!(!format!("{}{details}", status.message()).contains("10.0.0.7"));
    }

    #[test]
    fn a_broken_connection_is_indeterminate() {
        let error = Error::from(Status::unavailable("connection reset"));
        assert_eq!((error.kind, error.applied), (Indeterminate, Applied::Maybe));
    }
}
