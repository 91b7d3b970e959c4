//! What the runtime itself answers. Nothing else in the runtime makes a status of a fault of ours.

use tonic::Status;

/// A handler panicked. What it said stays in the log.
pub(crate) fn panicked() -> Status {
    Status::internal("internal error")
}

/// The call outlived its deadline.
pub(crate) fn deadline_exceeded() -> Status {
    Status::deadline_exceeded("the call's deadline passed")
}

/// A message over the limit; `what` says which way it went.
pub(crate) fn too_large(what: &str, size: u64, limit: u64) -> Status {
    Status::resource_exhausted(format!(
        "the {what} has {size} bytes, the limit is {limit}: raise max_message_size or send less"
    ))
}
