//! A status of another service that a handler passes on, as `?` does.
//!
//! Its metadata is for the one who called that service, which is this one, and may hold tokens: it
//! goes no further.

use carml_config::chain::Side;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use tonic::{Code, Status};

/// In the metadata of a status that this process has received.
const RECEIVED: HeaderName = HeaderName::from_static("carml-received-status");

/// What is left of one that is passed on.
const KEPT: [HeaderName; 4] = [
    header::CONTENT_TYPE,
    Status::GRPC_STATUS,
    Status::GRPC_MESSAGE,
    HeaderName::from_static("grpc-status-details-bin"),
];

/// Marks the status of an answer to a client, and takes away the metadata of one that a handler has
/// from a client.
pub(crate) fn pass(side: Side, code: Code, headers: &mut HeaderMap) {
    match side {
        Side::Client if code != Code::Ok => {
            headers.insert(RECEIVED, HeaderValue::from_static("yes"));
        }
        Side::Server if headers.contains_key(&RECEIVED) => {
            let others = headers.keys().filter(|name| !KEPT.contains(name));
            let others: Vec<HeaderName> = others.cloned().collect();
            for name in others {
                headers.remove(name);
            }
        }
        _ => {}
    }
}
