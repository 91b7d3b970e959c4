//! The way in, and the way out until the head of the response.

use std::{
    convert::Infallible,
    future::Future,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use carml_config::chain::Side;
use http::{Request, Response};
use pin_project_lite::pin_project;
use tonic::{Code, Status, body::Body};
use tower_layer::Layer;
use tower_service::Service;
use tracing::Span;

use super::{
    Chain,
    active::{Active, At, Outcome, Progress},
    body::ResponseBody,
    compile::Segment,
    custom::Next,
    generated::Step,
    inside::{Inside, InsideFuture},
};
use crate::{
    CallContext, code, foreign_status,
    middleware::{Call, Middleware},
    status,
};

/// Puts a [`Chain`] around a service, as a [`Layer`].
#[derive(Clone, Debug)]
pub struct ChainLayer(Chain);

impl ChainLayer {
    /// The layer of this chain.
    pub fn new(chain: Chain) -> Self {
        Self(chain)
    }
}

impl<S> Layer<S> for ChainLayer
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send,
{
    type Service = ChainService<S>;

    fn layer(&self, service: S) -> ChainService<S> {
        let chain = &self.0;
        let inside = if chain.segments.is_empty() {
            Inside::Service(service)
        } else {
            let innermost = Next::new(service);
            let segments = chain.segments.iter().rev();
            Inside::Custom(segments.fold(innermost, |next, segment| {
                segment.layer.wrap(Next::new(ChainService {
                    side: chain.plan().side(),
                    steps: Arc::clone(&segment.steps),
                    inside: Inside::Service(next),
                    segments: None,
                    is_continued: false,
                }))
            }))
        };
        ChainService {
            side: chain.plan().side(),
            steps: Arc::clone(&chain.steps),
            inside,
            segments: Some(Arc::clone(&chain.segments)),
            is_continued: !chain.segments.is_empty() || chain.attempts().is_some(),
        }
    }
}

/// A service inside a [`Chain`].
///
/// A call whose future or response body is dropped before its end is logged as CANCELLED.
#[derive(Clone, Debug)]
pub struct ChainService<S> {
    side: Side,
    steps: Arc<[Step]>,
    inside: Inside<S>,
    /// The rest of the chain; none if this is inside a custom layer.
    segments: Option<Arc<[Segment]>>,
    /// There are custom layers or attempts inside, with built-in middlewares in them.
    is_continued: bool,
}

impl<S> Service<Request<Body>> for ChainService<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = CallFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inside.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let around = match self.segments {
            None => Span::current(),
            Some(_) => Span::none(),
        };
        let context = match self.segments {
            // Inside a custom layer, the call goes on.
            None => CallContext::current(),
            Some(_) => CallContext::default(),
        };
        let call = Call::new(self.side, context, &request);
        let mut active = Active::new(&self.steps, call, around);
        if let Some(segments) = &self.segments {
            active.begin(segments.iter().map(|segment| &segment.steps), &request);
        }
        let call = active.call();
        if let Some(begun) = request.extensions().get::<Begun>() {
            call.span = call.span.take().or_else(|| begun.span.clone());
            call.max_received = call.max_received.or(begun.max_received);
        }
        if self.is_continued {
            let begun = Begun {
                span: call.span.clone(),
                max_received: call.max_received,
            };
            request.extensions_mut().insert(begun);
        }
        CallFuture {
            inner: match active.arrive(&mut request) {
                Ok(()) => self.inside.call(request),
                Err(status) => InsideFuture::Refused { status },
            },
            active: Some(active),
        }
    }
}

/// Where the answer of a call comes from: in the extensions of a client's response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// What holds for the whole call, on its way through custom layers and into attempts.
#[derive(Clone)]
struct Begun {
    span: Option<Span>,
    max_received: Option<u64>,
}

pin_project! {
    /// A call on its way to the head of its response.
    pub struct CallFuture<F> {
        #[pin]
        inner: InsideFuture<F>,
        active: Option<Active>,
    }
}

impl<F> Future for CallFuture<F>
where
    F: Future<Output = Result<Response<Body>, Infallible>>,
{
    type Output = Result<Response<Body>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(active) = this.active else {
            panic!("polled after it was ready");
        };
        let inner = this.inner;
        let polled = active.poll(cx, |progress, cx| head(inner, progress, cx));
        let Poll::Ready(response) = polled else {
            return Poll::Pending;
        };
        // A response of trailers alone has ended here: tonic drops a body that is empty, and
        // whatever waits in it for the end.
        if active.code().is_some() {
            *this.active = None;
            return Poll::Ready(Ok(response));
        }
        Poll::Ready(Ok(response.map(|body| {
            let active = this.active.take().expect("it was there above");
            Body::new(ResponseBody::new(body, active))
        })))
    }
}

/// The head of the response, or the end of a call that is past its caller's deadline.
fn head<F>(
    inner: Pin<&mut F>,
    progress: &mut Progress,
    cx: &mut Context<'_>,
) -> Poll<Response<Body>>
where
    F: Future<Output = Result<Response<Body>, Infallible>>,
{
    if let Poll::Ready(Ok(mut response)) = inner.poll(cx) {
        if let Some(code) = code::of(response.headers()) {
            foreign_status::pass(progress.call.side, code, response.headers_mut());
            progress.end(code);
        }
        if let Some(Peer(peer)) = response.extensions().get() {
            progress.call.peer = Some(*peer);
        }
        return Poll::Ready(response);
    }
    let Some(deadline) = &mut progress.call.deadline else {
        return Poll::Pending;
    };
    deadline.poll(cx).map(|()| {
        progress.code = Some(Code::DeadlineExceeded);
        status::deadline_exceeded().into_http()
    })
}

impl Outcome for Poll<Response<Body>> {
    fn end(status: &Status) -> Self {
        Self::Ready(status.clone().into_http())
    }

    fn is_pending(&self) -> bool {
        Self::is_pending(self)
    }

    #[inline]
    fn pass<M: Middleware>(
        mut self,
        at: At<'_, M>,
        _pending: &mut Option<Status>,
    ) -> Result<Self, Status> {
        if let Self::Ready(response) = &mut self {
            at.middleware.answer(at.call, at.state, response);
        }
        Ok(self)
    }
}
