//! What the calls that a handler makes take from the call that it handles.

use std::{
    cell::RefCell,
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;
use tokio::time::Instant;

thread_local! {
    static CURRENT: RefCell<CallContext> = RefCell::default();
}

/// The deadline and the trace of a call that is being handled.
///
/// Clients take them into the calls that the handler makes. A task that the handler spawns is no
/// longer in its call, and takes the context along:
///
/// ```
/// # async fn notify() {}
/// # async fn handler() {
/// use carml_grpc::CallContext;
///
/// tokio::spawn(CallContext::current().wrap(notify()));
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct CallContext {
    deadline: Option<Instant>,
    #[cfg(feature = "tracing")]
    trace: Option<opentelemetry::trace::SpanContext>,
    /// The caller has set B3's flag for traces that are always kept.
    #[cfg(feature = "tracing")]
    is_debug: bool,
}

impl CallContext {
    /// That of the call that is being handled; empty outside of handlers.
    pub fn current() -> Self {
        CURRENT.with_borrow(Clone::clone)
    }

    /// When the call ends at the latest.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Sets the deadline, unless an earlier one is set.
    pub fn limit(&mut self, deadline: Instant) {
        let earlier = self.deadline.map_or(deadline, |known| known.min(deadline));
        self.deadline = Some(earlier);
    }

    /// The span of the call.
    #[cfg(feature = "tracing")]
    pub(crate) fn trace(&self) -> Option<&opentelemetry::trace::SpanContext> {
        self.trace.as_ref()
    }

    #[cfg(feature = "tracing")]
    pub(crate) fn set_trace(&mut self, trace: opentelemetry::trace::SpanContext) {
        self.trace = Some(trace);
    }

    #[cfg(feature = "tracing")]
    pub(crate) fn is_debug(&self) -> bool {
        self.is_debug
    }

    #[cfg(feature = "tracing")]
    pub(crate) fn set_debug(&mut self) {
        self.is_debug = true;
    }

    /// A future that runs in this context.
    pub fn wrap<F: Future>(self, future: F) -> InContext<F> {
        InContext {
            context: self,
            future,
        }
    }

    /// Calls the function in this context.
    pub(crate) fn enter<T>(&mut self, run: impl FnOnce() -> T) -> T {
        struct Entered<'a>(&'a mut CallContext);

        impl Drop for Entered<'_> {
            fn drop(&mut self) {
                swap(self.0);
            }
        }

        swap(self);
        let _entered = Entered(self);
        run()
    }
}

/// Exchanges the current context and this one.
fn swap(context: &mut CallContext) {
    // Fails while the thread ends: then nothing is called any more.
    let _ = CURRENT.try_with(|current| mem::swap(&mut *current.borrow_mut(), context));
}

pin_project! {
    /// The future of [`CallContext::wrap`].
    #[derive(Debug)]
    pub struct InContext<F> {
        context: CallContext,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for InContext<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        this.context.enter(|| this.future.poll(cx))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_context_holds_inside_and_ends_with_a_panic() {
        let mut context = CallContext::default();
        let now = Instant::now();
        context.limit(now + Duration::from_secs(2));
        context.limit(now + Duration::from_secs(1));
        context.limit(now + Duration::from_secs(3));
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            context.enter(|| {
                let current = CallContext::current();
                assert_eq!(current.deadline(), Some(now + Duration::from_secs(1)));
                panic!("inside");
            })
        }));
        assert!(panicked.is_err());
        assert_eq!(CallContext::current().deadline(), None);
        assert!(context.deadline().is_some());
    }
}
