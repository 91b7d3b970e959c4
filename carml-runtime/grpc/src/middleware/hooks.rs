//! What a built-in middleware is to the chain.

use std::task::Context;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::Frame;
use tonic::{Code, Status, body::Body};

use super::{Call, Place, Refusal};

/// A built-in middleware: one value per chain, one [`State`](Self::State) per call.
///
/// All hooks return at once; each has a default that does nothing. What has to wait runs in a task
/// of its own, and hooks read its last result. The chain calls [`arrive`](Self::arrive) in the
/// order of the list, outermost first; the other hooks as the answer passes outward. A middleware
/// that ends the call ends it for those inside it too, with the same code. A panic of what is
/// inside ends the call with INTERNAL at each step up to one that catches it.
pub(crate) trait Middleware: Sized {
    /// The options in the list; `()` if it has none.
    type Options;

    /// What one call keeps, without a box of its own.
    type State: Default;

    /// Makes the middleware, at start. The rules on lists have been checked by then.
    fn build(options: &Self::Options, place: &Place) -> Result<Self, Refusal>;

    /// A call begins, before it arrives anywhere: for what holds for the whole call, wherever this
    /// middleware is in the list.
    #[inline]
    fn begin(&self, _call: &mut Call, _request: &Request<Body>) {}

    /// A call arrives. An error is its answer: then neither what is inside nor the handler is
    /// called.
    #[inline]
    fn arrive(
        &self,
        _call: &mut Call,
        _state: &mut Self::State,
        _request: &mut Request<Body>,
    ) -> Result<(), Status> {
        Ok(())
    }

    /// Runs one poll of what is inside. An error says that the inside panicked, and is the answer:
    /// what is left of the inside is not polled again.
    #[inline]
    fn around<T>(&self, _state: &mut Self::State, poll: impl FnOnce() -> T) -> Result<T, Status> {
        Ok(poll())
    }

    /// The call waits: what is inside has been polled, and is not ready. For timers, which wake
    /// the task by this context. An error is the answer: what is inside is not polled again.
    #[inline]
    fn wake(
        &self,
        _call: &mut Call,
        _state: &mut Self::State,
        _cx: &mut Context<'_>,
    ) -> Option<Status> {
        None
    }

    /// The answer passes, with its body: for what puts another body around that.
    #[inline]
    fn answer(&self, call: &mut Call, state: &mut Self::State, answer: &mut Response<Body>) {
        self.head(call, state, answer.headers_mut());
    }

    /// The head of the answer passes.
    #[inline]
    fn head(&self, _call: &mut Call, _state: &mut Self::State, _headers: &mut HeaderMap) {}

    /// A frame of the answer passes: a part of its messages, or its trailers.
    #[inline]
    fn frame(&self, _call: &mut Call, _state: &mut Self::State, frame: Frame<Bytes>) -> Passed {
        Passed::Frame(frame)
    }

    /// The call has ended, as seen from here. Called once per call that arrived.
    #[inline]
    fn end(&self, _call: &mut Call, _state: &mut Self::State, _code: Code) {}
}

/// A middleware that also applies, with this value, to chains whose list does not name it.
pub(crate) trait Implicit: Middleware {
    /// The middleware with the schema's `x-carml-implicit`.
    fn implicit(value: u64) -> Self;
}

/// What happens to a frame.
pub(crate) enum Passed {
    /// It goes on, as it was or changed.
    Frame(Frame<Bytes>),
    /// The call ends here instead.
    End(Status),
    /// It goes on, and the call ends behind it.
    FrameThenEnd(Frame<Bytes>, Status),
}
