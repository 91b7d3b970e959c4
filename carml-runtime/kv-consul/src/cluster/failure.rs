//! Why a request failed, and whether the store may have changed.

use std::error::Error as StdError;

use carml_kv::{
    ErrorKind,
    client::{Failure, Outcome, causes},
};

use super::Answer;

/// Of sending a request.
pub(super) fn requesting(error: hyper_util::client::legacy::Error) -> Failure {
    let outcome = match error.is_connect() {
        true => Outcome::Unsent,
        false => Outcome::Unknown,
    };
    Failure::new(outcome, causes(&error)).with_source(error)
}

/// Of reading its answer.
pub(super) fn reading(error: Box<dyn StdError + Send + Sync>) -> Failure {
    Failure::new(Outcome::Unknown, causes(&*error)).with_source(error)
}

/// Of making a request, such as from a token that no header can hold.
pub(super) fn invalid(error: http::Error) -> Failure {
    let refused = Outcome::Refused(ErrorKind::InvalidArgument);
    Failure::new(refused, causes(&error)).with_source(error)
}

/// Texts of Consul's errors, which say more than their codes.
const KNOWN: &[(&str, Outcome)] = &[
    ("ACL support disabled", UNKNOWN_USER),
    ("ACL not found", UNKNOWN_USER),
    (
        "Permission denied",
        Outcome::Refused(ErrorKind::PermissionDenied),
    ),
    (
        "Invalid Session TTL",
        Outcome::Refused(ErrorKind::InvalidArgument),
    ),
    // A check of a service that the agent has lost; the second one since 1.11.
    (
        "does not have associated TTL",
        Outcome::Refused(ErrorKind::LeaseLost),
    ),
    ("Unknown check", Outcome::Refused(ErrorKind::LeaseLost)),
    // All of them before the request is proposed to the cluster.
    ("No cluster leader", Outcome::Unsent),
    ("No known Consul servers", Outcome::Unsent),
    ("Raft leader not found", Outcome::Unsent),
    ("not ready to serve consistent reads", Outcome::Unsent),
    ("node is not the leader", Outcome::Unsent),
    ("leadership transfer in progress", Outcome::Unsent),
    ("failed to get conn", Outcome::Unsent),
    ("rate limit", Outcome::Unsent),
];
const UNKNOWN_USER: Outcome = Outcome::Refused(ErrorKind::Unauthenticated);

/// `None`: the answer says whether the request was executed.
pub(super) fn of(answer: &Answer) -> Option<Failure> {
    let text = String::from_utf8_lossy(&answer.body);
    let outcome = match answer.status {
        // A failed transaction.
        200 | 409 => return None,
        // A missing key, with an index; a missing session, with a text.
        404 if answer.index.is_some() || text.starts_with("Session id") => return None,
        status => outcome(status, &text),
    };
    Some(Failure::new(outcome, describe(answer.status, &text)))
}

fn outcome(status: u16, text: &str) -> Outcome {
    let known = KNOWN.iter().find(|(known, _)| text.contains(known));
    match (status, known) {
        (400..=599, Some((_, outcome))) => *outcome,
        (401, _) => Outcome::Refused(ErrorKind::Unauthenticated),
        (403, _) => Outcome::Refused(ErrorKind::PermissionDenied),
        (413, _) => Outcome::Refused(ErrorKind::TooLarge),
        // Not Consul, or none that has answered.
        (300..=399 | 404 | 405 | 429, _) => Outcome::Unsent,
        (400..=499, _) => Outcome::Refused(ErrorKind::InvalidArgument),
        _ => Outcome::Unknown,
    }
}

/// Error pages of other servers are long.
const MAX_TEXT: usize = 200;

fn describe(status: u16, text: &str) -> String {
    let advice = match text {
        _ if text.contains("ACL support disabled") => {
            "a token is given, but the server has no ACLs: remove the token"
        }
        _ if text.contains("ACL not found") => "the server does not know the token",
        _ if text.contains("Permission denied") => {
            "permission denied: the token needs `write` for the key prefix and for sessions"
        }
        _ if matches!(status, 300..=399 | 404 | 405) => "the server is not Consul",
        _ => "",
    };
    match (advice, text.trim()) {
        ("", "") => format!("status {status}"),
        ("", text) => text.chars().take(MAX_TEXT).collect(),
        (advice, _) => advice.to_owned(),
    }
}

/// The token may not read all that was asked for.
pub(super) fn filtered() -> Failure {
    let why = "permission denied: the token may not read every key of the prefix";
    Failure::new(Outcome::Refused(ErrorKind::PermissionDenied), why)
}

/// The server answered something that Consul does not.
pub(super) fn not_consul() -> Failure {
    Failure::new(Outcome::Unsent, "the server is not Consul")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_refusal_says_that_nothing_was_changed() {
        let refused = |kind| Outcome::Refused(kind);
        for (status, text, expected) in [
            (
                403,
                "Permission denied",
                refused(ErrorKind::PermissionDenied),
            ),
            (403, "ACL not found", refused(ErrorKind::Unauthenticated)),
            (
                500,
                "rpc error making call: ACL not found",
                refused(ErrorKind::Unauthenticated),
            ),
            (
                401,
                "ACL support disabled",
                refused(ErrorKind::Unauthenticated),
            ),
            (413, "Request body too large", refused(ErrorKind::TooLarge)),
            (
                400,
                "Conflicting flags",
                refused(ErrorKind::InvalidArgument),
            ),
            (500, "No cluster leader", Outcome::Unsent),
            (429, "", Outcome::Unsent),
            (404, "<html>", Outcome::Unsent),
            (
                500,
                "leadership lost while committing log",
                Outcome::Unknown,
            ),
            (500, "rpc error making call: EOF", Outcome::Unknown),
            (502, "<html>", Outcome::Unknown),
        ] {
            assert_eq!(outcome(status, text), expected, "{status} {text}");
        }
    }
}
