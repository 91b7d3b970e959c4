//! What a chain knows of one call, and its end.

use std::{
    net::SocketAddr,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::Pin,
    sync::Arc,
    time::Instant,
};

use http::Uri;
use tokio::time::Sleep;
use tonic::{Code, Status};
use tracing::Span;

use super::{
    super::middleware::{
        logging,
        max_message_size::{Refused, Scanner},
        tracing as spans,
    },
    op::Op,
};

/// The state slots of a chain's middlewares, for one call.
pub(crate) struct Call {
    pub(crate) uri: Uri,
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) started: Instant,
    pub(crate) span: Span,
    pub(crate) logged: bool,
    /// Whether the span has the status of the call's end.
    pub(crate) recorded: bool,
    pub(crate) received: Refused,
    pub(crate) sent: Scanner,
    /// Set when a message was refused behind others that still go out.
    pub(crate) refused: Option<Status>,
    pub(crate) deadline: Option<Pin<Box<Sleep>>>,
}

impl Call {
    /// `package.Service/Method`
    pub(crate) fn method(&self) -> &str {
        self.uri.path().trim_start_matches('/')
    }
}

/// A call that has not ended. Dropped early, it ends as CANCELLED: the client went away.
pub(super) struct Active {
    pub(super) ops: Arc<[Op]>,
    pub(super) call: Call,
}

impl Drop for Active {
    fn drop(&mut self) {
        if self.ops.iter().any(|op| matches!(op, Op::Tracing)) {
            return end(&self.ops, &mut self.call, Code::Cancelled);
        }
        let around = self.call.span.clone();
        around.in_scope(|| end(&self.ops, &mut self.call, Code::Cancelled));
    }
}

/// Runs a poll, and tells one middleware of the call's end if it came. A panic is one, and goes on.
pub(super) fn watched<T>(
    call: &mut Call,
    end: fn(&mut Call, Code),
    end_of: fn(&T) -> Option<Code>,
    poll: impl FnOnce(&mut Call) -> T,
) -> T {
    let polled = catch_unwind(AssertUnwindSafe(|| poll(call))).unwrap_or_else(|panic| {
        end(call, Code::Internal);
        resume_unwind(panic)
    });
    if let Some(code) = end_of(&polled) {
        end(call, code);
    }
    polled
}

/// Ends the call at every middleware that has not seen it end.
fn end(ops: &[Op], call: &mut Call, code: Code) {
    match ops.split_first() {
        None => {}
        Some((Op::Logging, rest)) => {
            end(rest, call, code);
            logging::end(call, code);
        }
        Some((Op::Tracing, rest)) => {
            let span = call.span.clone();
            span.in_scope(|| end(rest, call, code));
            spans::end(call, code);
        }
        Some((Op::Recover | Op::Timeout(_) | Op::MaxMessageSize(_), rest)) => end(rest, call, code),
    }
}
