//! What is inside the outermost built-in middlewares: the service, or custom layers around it.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use http::{Request, Response};
use tonic::{Status, body::Body};
use tower_service::Service;

use super::custom::{BoxFuture, Next};

/// What is inside the outermost built-in middlewares.
#[derive(Clone, Debug)]
pub(super) enum Inside<S> {
    /// The service itself: no box.
    Service(S),
    /// Custom layers around it.
    Custom(Next),
}

impl<S> Inside<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    pub(super) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        match self {
            Self::Service(service) => service.poll_ready(cx),
            Self::Custom(next) => Service::<Request<Body>>::poll_ready(next, cx),
        }
    }

    pub(super) fn call(&mut self, request: Request<Body>) -> InsideFuture<S::Future> {
        match self {
            Self::Service(service) => InsideFuture::Service {
                future: service.call(request),
            },
            Self::Custom(next) => InsideFuture::Custom {
                future: next.call(request),
            },
        }
    }
}

pin_project_lite::pin_project! {
    /// The future of [`Inside`].
    #[project = Projected]
    pub(super) enum InsideFuture<F> {
        Service { #[pin] future: F },
        Custom { future: BoxFuture },
        /// A middleware refused the call: the inside is not called.
        Refused { status: Status },
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
            Projected::Custom { future } => future.as_mut().poll(cx),
            Projected::Refused { status } => Poll::Ready(Ok(status.clone().into_http())),
        }
    }
}
