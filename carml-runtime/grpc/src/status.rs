//! The statuses of the runtime's own errors, as a caller sees them. No other module makes a
//! [`Status`] of such an error.

use std::time::Duration;

use http::HeaderMap;
#[cfg(feature = "compression")]
use http::HeaderValue;
use tonic::{Status, metadata::MetadataValue};

/// A handler panicked. Its message is only in the log.
pub(crate) fn panicked() -> Status {
    Status::internal("internal error")
}

/// The deadline of the call passed.
pub(crate) fn deadline_exceeded() -> Status {
    Status::deadline_exceeded("the call's deadline passed")
}

/// A message over the limit; `what` says whether it was received or sent.
pub(crate) fn too_large(what: &str, size: u64, limit: u64) -> Status {
    Status::resource_exhausted(format!(
        "the {what} has {size} bytes, the limit is {limit}: raise max_message_size or send less"
    ))
}

/// The client ended its request before it was complete. The handler alone sees this.
///
/// Not CANCELLED: tonic shows a request that ends with that code as complete.
pub(crate) fn request_cancelled() -> Status {
    Status::aborted("the client cancelled the call, or was lost, before its request was complete")
}

/// The request is read after the end of its call.
pub(crate) fn call_ended() -> Status {
    Status::aborted("the call has ended")
}

/// A request, or a part of it, for which there is no memory. A client that retries waits a second.
pub(crate) fn over_budget(limit: u64) -> Status {
    pushback(format!(
        "the requests in progress take all of the {limit} bytes that the server has for them: try again later"
    ))
}

/// A method that takes one message received `what`.
pub(crate) fn not_one_message(what: &str) -> Status {
    Status::unimplemented(format!(
        "the method takes one message, and the request has {what}"
    ))
}

/// Metadata that breaks the protocol.
pub(crate) fn malformed(header: &str, expected: &str) -> Status {
    Status::internal(format!("malformed `{header}`: expected {expected}"))
}

/// A call over the limit of calls in progress. A client that retries waits a second.
pub(crate) fn too_many_calls(limit: u64) -> Status {
    pushback(format!(
        "{limit} calls are in progress, which is the limit: try again later"
    ))
}

/// A call that would only wait: the processor is busy. A client that retries waits a second.
pub(crate) fn overloaded() -> Status {
    pushback("the server has too much load: try again later".to_owned())
}

/// The request is compressed in a way that is not accepted.
#[cfg(feature = "compression")]
pub(crate) fn unknown_encoding(name: &HeaderValue, accepted: &HeaderValue) -> Status {
    let (name, accepted) = (
        String::from_utf8_lossy(name.as_bytes()),
        accepted.to_str().unwrap_or_default(),
    );
    let mut status = Status::unimplemented(format!(
        "messages compressed with `{name}` are not accepted: use one of {accepted}"
    ));
    if let Ok(accepted) = accepted.parse() {
        status
            .metadata_mut()
            .insert("grpc-accept-encoding", accepted);
    }
    status
}

/// An answer is compressed in a way that is not accepted.
#[cfg(feature = "compression")]
pub(crate) fn unknown_answer_encoding(name: &HeaderValue, accepted: &HeaderValue) -> Status {
    Status::internal(format!(
        "the answer is compressed with `{}`, which is not one of {}",
        String::from_utf8_lossy(name.as_bytes()),
        accepted.to_str().unwrap_or_default()
    ))
}

/// A message whose size is over the limit once it is decompressed; `what` says of what.
#[cfg(feature = "compression")]
pub(crate) fn too_large_decompressed(what: &str, limit: u64) -> Status {
    Status::resource_exhausted(format!(
        "the {what} has more than {limit} bytes after it is decompressed, which is the limit: raise max_message_size or send less"
    ))
}

/// A message that is not compressed as it says.
#[cfg(feature = "compression")]
pub(crate) fn not_decompressed(encoding: &str, error: &std::io::Error) -> Status {
    Status::internal(format!(
        "a message cannot be decompressed with `{encoding}`: {error}"
    ))
}

/// Credentials that are missing or wrong. The text says which check failed, and has no token.
#[cfg(feature = "auth")]
pub(crate) fn unauthenticated(message: &str) -> Status {
    Status::unauthenticated(message)
}

/// Credentials that are valid, of somebody who may not do this.
#[cfg(feature = "auth")]
pub(crate) fn not_allowed(what: &str, name: &str) -> Status {
    Status::permission_denied(format!("`{name}` is not allowed to call {what}"))
}

/// There is nothing to verify a token with yet.
#[cfg(feature = "auth")]
pub(crate) fn no_keys() -> Status {
    Status::unavailable("the keys for tokens are not loaded yet: try again later")
}

/// Most calls of this kind fail: none is sent for some time.
pub(crate) fn circuit_open(target: &str, method: &str) -> Status {
    Status::unavailable(format!(
        "{target}: the circuit breaker is open, because most calls of {method} fail"
    ))
}

/// A call over the rate; there is room for one after this time.
pub(crate) fn too_fast(wait: Duration) -> Status {
    let message = "calls come faster than the rate that is allowed: try again later".to_owned();
    pushback_for(wait, message)
}

/// RESOURCE_EXHAUSTED that asks the client to wait a second before it retries.
fn pushback(message: String) -> Status {
    pushback_for(Duration::from_secs(1), message)
}

/// RESOURCE_EXHAUSTED that asks the client to wait before it retries.
fn pushback_for(wait: Duration, message: String) -> Status {
    let mut status = Status::resource_exhausted(message);
    // Clients read 32 bits.
    let millis = wait.as_nanos().div_ceil(1_000_000).clamp(1, 1 << 30);
    let pushback = MetadataValue::from(u32::try_from(millis).unwrap_or(1 << 30));
    status
        .metadata_mut()
        .insert("grpc-retry-pushback-ms", pushback);
    status
}

/// Health was asked of a service that is not here.
pub(crate) fn unknown_service(name: &str) -> Status {
    Status::not_found(format!("there is no service `{name}` here"))
}

/// The server ends; another one will answer.
pub(crate) fn draining() -> Status {
    Status::unavailable("the server is draining")
}

/// Whether these trailers end a call with [`draining`]: as planned, and not as an error.
pub(crate) fn is_draining(trailers: &HeaderMap) -> bool {
    let mut expected = HeaderMap::new();
    draining().add_header(&mut expected).is_ok()
        && [Status::GRPC_STATUS, Status::GRPC_MESSAGE]
            .iter()
            .all(|header| trailers.get(header) == expected.get(header))
}

/// A middleware of the user's own failed: its own status if it has one.
pub(crate) fn of_layer(error: Box<dyn std::error::Error + Send + Sync>) -> Status {
    Status::try_from_error(error).unwrap_or_else(|error| {
        tracing::error!(%error, "a middleware failed");
        Status::internal("internal error")
    })
}
