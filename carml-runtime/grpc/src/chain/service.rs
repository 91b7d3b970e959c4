//! The way in, and the way out until the head of the response.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tonic::{Code, Status, body::Body, transport::server::TcpConnectInfo};
use tower_layer::Layer;
use tower_service::Service;

use super::{
    Chain,
    body::ResponseBody,
    call::{Active, Call, watched},
    op::{self, Op},
    own::{Inside, InsideFuture},
};
use crate::{
    middleware::{logging, max_message_size, recover, timeout, tracing as spans},
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

    fn layer(&self, inner: S) -> ChainService<S> {
        ChainService {
            ops: Arc::clone(&self.0.ops),
            inside: Inside::new(&self.0.segments, inner),
            nested: false,
        }
    }
}

/// A service inside a [`Chain`].
///
/// A call whose future or response body is dropped before its end is logged as CANCELLED.
#[derive(Clone, Debug)]
pub struct ChainService<S> {
    ops: Arc<[Op]>,
    inside: Inside<S>,
    /// It stands inside a layer of the user's own.
    nested: bool,
}

impl<S> ChainService<S> {
    pub(super) fn nested(ops: Arc<[Op]>, service: S) -> Self {
        Self {
            ops,
            inside: Inside::Service(service),
            nested: true,
        }
    }
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
        let mut call = Call {
            uri: request.uri().clone(),
            peer: request
                .extensions()
                .get::<TcpConnectInfo>()
                .and_then(TcpConnectInfo::remote_addr),
            started: Instant::now(),
            // Of the chain around it, which has `tracing` if any has.
            span: if self.nested {
                tracing::Span::current()
            } else {
                tracing::Span::none()
            },
            logged: false,
            recorded: false,
            received: max_message_size::Refused::new(),
            sent: max_message_size::Scanner::default(),
            refused: None,
            deadline: op::timeout(request.headers())
                .map(|timeout| Box::pin(tokio::time::sleep(timeout))),
        };
        for op in &*self.ops {
            match op {
                Op::Tracing => spans::begin(&mut call, request.headers()),
                Op::Timeout(limit) => timeout::begin(&mut call, *limit),
                Op::MaxMessageSize(limits) => {
                    request = request.map(|body| limits.receiving(&call, body));
                }
                Op::Recover | Op::Logging => {}
            }
        }
        CallFuture {
            inner: self.inside.call(request),
            active: Some(Active {
                ops: Arc::clone(&self.ops),
                call,
            }),
        }
    }
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
        let Poll::Ready(response) = head(&active.ops, &mut active.call, this.inner, cx) else {
            return Poll::Pending;
        };
        let active = this.active.take().expect("it was there above");
        // A reply of trailers alone has ended here: tonic drops a body that is empty, and whatever
        // waits in it for the end.
        if Status::from_header_map(response.headers()).is_some() {
            return Poll::Ready(Ok(response));
        }
        Poll::Ready(Ok(
            response.map(|body| Body::new(ResponseBody::new(body, active)))
        ))
    }
}

fn head<F>(
    ops: &[Op],
    call: &mut Call,
    inner: Pin<&mut F>,
    cx: &mut Context<'_>,
) -> Poll<Response<Body>>
where
    F: Future<Output = Result<Response<Body>, Infallible>>,
{
    let Some((op, rest)) = ops.split_first() else {
        if let Poll::Ready(Ok(response)) = inner.poll(cx) {
            return Poll::Ready(response);
        }
        return match &mut call.deadline {
            Some(deadline) => deadline
                .as_mut()
                .poll(cx)
                .map(|()| status::deadline_exceeded().into_http()),
            None => Poll::Pending,
        };
    };
    match op {
        Op::Recover => recover::guard(|| head(rest, call, inner, cx))
            .unwrap_or_else(|status| Poll::Ready(status.into_http())),
        Op::Logging => watched(call, logging::end, end_of, |call| {
            head(rest, call, inner, cx)
        }),
        Op::Tracing => {
            let span = call.span.clone();
            watched(call, spans::end, end_of, |call| {
                span.in_scope(|| head(rest, call, inner, cx))
            })
        }
        Op::Timeout(_) | Op::MaxMessageSize(_) => head(rest, call, inner, cx),
    }
}

/// The status of a reply of trailers alone.
fn end_of(polled: &Poll<Response<Body>>) -> Option<Code> {
    match polled {
        Poll::Ready(response) => {
            Status::from_header_map(response.headers()).map(|status| status.code())
        }
        Poll::Pending => None,
    }
}
