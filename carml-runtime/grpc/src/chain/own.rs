//! Middlewares of the user's own: `tower` layers, anywhere in the order.

use std::{
    convert::Infallible,
    error::Error,
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use tonic::body::Body;
use tower::{ServiceExt as _, util::BoxCloneSyncService};
use tower_layer::Layer;
use tower_service::Service;

use super::ChainService;
use super::op::Op;
use crate::status;

type BoxError = Box<dyn Error + Send + Sync>;

/// What stands inside a middleware of the user's own: the rest of the chain, and the services.
///
/// It takes any body, and answers with tonic's. It never fails: faults are statuses by then.
#[derive(Clone, Debug)]
pub struct Next(BoxCloneSyncService<Request<Body>, Response<Body>, Infallible>);

impl<B> Service<Request<B>> for Next
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let next = self.0.clone();
        let ready = std::mem::replace(&mut self.0, next);
        // Nothing is called before the first poll: a panic then is inside `recover`, an event in
        // the span.
        Box::pin(ready.oneshot(request.map(Body::new)))
    }
}

/// A layer of the user's own, ready to stand in a [`Chain`](super::Chain).
#[derive(Clone)]
pub struct Own {
    pub(super) name: &'static str,
    wrap: Arc<dyn Fn(Next) -> Next + Send + Sync>,
}

impl fmt::Debug for Own {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Own").field(&self.name).finish()
    }
}

impl Own {
    /// A layer by its name in the list.
    ///
    /// A service of it that fails ends the call: with the error's own status if it has one, with
    /// INTERNAL and a general text if it has none.
    pub fn new<L, B>(name: &'static str, layer: L) -> Self
    where
        L: Layer<Next> + Send + Sync + 'static,
        L::Service: Service<Request<Body>, Response = Response<B>> + Clone + Send + Sync + 'static,
        <L::Service as Service<Request<Body>>>::Error: Into<BoxError>,
        <L::Service as Service<Request<Body>>>::Future: Send,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let wrap = move |next: Next| {
            let service = layer.layer(next);
            Next(BoxCloneSyncService::new(tower::service_fn(
                move |request: Request<Body>| {
                    let service = service.clone();
                    async move {
                        Ok(match service.oneshot(request).await {
                            Ok(response) => response.map(Body::new),
                            Err(error) => status::of_layer(error.into()).into_http(),
                        })
                    }
                },
            )))
        };
        Self {
            name,
            wrap: Arc::new(wrap),
        }
    }

    /// Only its name: for a chain that is shown, and serves nothing.
    pub fn named(name: &'static str) -> Self {
        Self {
            name,
            wrap: Arc::new(|next| next),
        }
    }
}

/// A layer of the user's own, and the built-in middlewares inside it, up to the next such layer.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub(super) own: Own,
    pub(super) ops: Arc<[Op]>,
}

/// What stands inside the outermost built-in middlewares.
#[derive(Clone, Debug)]
pub(super) enum Inside<S> {
    /// The service itself: no box.
    Service(S),
    /// Layers of the user's own around it.
    Own(Next),
}

impl<S> Inside<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send,
{
    pub(super) fn new(segments: &[Segment], service: S) -> Self {
        if segments.is_empty() {
            return Self::Service(service);
        }
        let innermost = Next(BoxCloneSyncService::new(service));
        Self::Own(segments.iter().rev().fold(innermost, |next, segment| {
            let built_in = ChainService::nested(Arc::clone(&segment.ops), next);
            (segment.own.wrap)(Next(BoxCloneSyncService::new(built_in)))
        }))
    }
}

pin_project_lite::pin_project! {
    /// The future of [`Inside`].
    #[project = Projected]
    pub(super) enum InsideFuture<F> {
        Service { #[pin] future: F },
        Own { future: Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>> },
    }
}

impl<F> Future for InsideFuture<F>
where
    F: Future<Output = Result<Response<Body>, Infallible>>,
{
    type Output = Result<Response<Body>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            Projected::Service { future } => future.poll(cx),
            Projected::Own { future } => future.as_mut().poll(cx),
        }
    }
}

impl<S> Inside<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    pub(super) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        match self {
            Self::Service(service) => service.poll_ready(cx),
            Self::Own(next) => Service::<Request<Body>>::poll_ready(next, cx),
        }
    }

    pub(super) fn call(&mut self, request: Request<Body>) -> InsideFuture<S::Future> {
        match self {
            Self::Service(service) => InsideFuture::Service {
                future: service.call(request),
            },
            Self::Own(next) => InsideFuture::Own {
                future: next.call(request),
            },
        }
    }
}
