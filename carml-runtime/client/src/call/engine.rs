//! The attempts of a call.

use std::{
    convert::Infallible,
    future::{Future, poll_fn},
    pin::Pin,
    sync::{Arc, atomic::AtomicUsize},
    task::{Context, Poll},
};

use carml_grpc::{code, deadline};
use http::{HeaderValue, Request, Response};
use tokio::time::{Instant, sleep};
use tokio_util::task::AbortOnDropHandle;
use tonic::{Code, Status, body::Body};
use tower_service::Service;

use super::{
    answer::Answer,
    attempt::{self, Begun, Failed},
    retry::{Pushback, Retries},
    source::Source,
    throttle::Throttle,
};
use crate::{connection::Lease, target::Target};

const PREVIOUS_ATTEMPTS: &str = "grpc-previous-rpc-attempts";

/// When a call ends at the latest: in the extensions of its request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(pub(crate) Instant);

/// What is inside the chain of a channel: from a request to an answer of one of the instances.
#[derive(Clone, Debug)]
pub(crate) struct Engine {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    target: Target,
    throttle: Option<Arc<Throttle>>,
    /// What all calls keep of their requests, in bytes.
    kept: Arc<AtomicUsize>,
}

impl Engine {
    pub(crate) fn new(target: Target) -> Self {
        let throttling = target.settings.throttling.as_ref();
        let throttle = throttling.map(|config| Arc::new(Throttle::new(config)));
        Self {
            shared: Arc::new(Shared {
                target,
                throttle,
                kept: Arc::default(),
            }),
        }
    }

    pub(crate) fn target(&self) -> &Target {
        &self.shared.target
    }
}

/// The future of a call.
pub(crate) type CallFuture =
    Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

impl Service<Request<Body>> for Engine {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = CallFuture;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> CallFuture {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            Ok(run(&shared, request)
                .await
                .unwrap_or_else(Status::into_http))
        })
    }
}

/// The answer of the last attempt, or why there is none.
async fn run(shared: &Arc<Shared>, request: Request<Body>) -> Result<Response<Body>, Status> {
    let target = &shared.target;
    let settings = &target.settings;
    let (mut head, body) = request.into_parts();
    let deadline = head.extensions.get::<Deadline>().copied();
    let method = Arc::clone(settings.methods.of_path(head.uri.path()));
    let mut source = Source::new(body, Arc::clone(&shared.kept));
    let mut retries = Retries::new(method.retry.as_ref(), shared.throttle.clone());
    let mut was_unprocessed = false;
    let mut avoid = None;
    loop {
        let picked = target.instances.pick(
            &settings.name,
            method.wait_for_ready,
            settings.connect_timeout,
            avoid.as_ref(),
        );
        let (failure, pushback, answer) = match picked.await {
            Err(status) => (status, Pushback::None, None),
            Ok(lease) => {
                if let Some(Deadline(at)) = deadline {
                    let left = deadline::header(at.saturating_duration_since(Instant::now()));
                    head.headers.insert(deadline::HEADER, left);
                }
                match attempt::run(settings, &lease, &head, &mut source).await {
                    Ok(begun) => match code::of(begun.head.headers()) {
                        // Trailers alone do not commit.
                        Some(code) if code != Code::Ok => {
                            avoid = Some(lease.link().address.clone());
                            let pushback = Pushback::of(begun.head.headers());
                            let status = Status::new(code, String::new());
                            let answer = begun.head.map(|_| Body::empty());
                            (status, pushback, Some(answer))
                        }
                        _ => return Ok(answer(shared, begun, source, lease)),
                    },
                    Err(Failed::Request(status)) => return Err(status),
                    Err(Failed::NotSent(status)) => {
                        tracing::debug!(grpc.target = %settings.name, %status, "sent again");
                        continue;
                    }
                    Err(Failed::NotProcessed(status))
                        if source.can_repeat() && !was_unprocessed =>
                    {
                        was_unprocessed = true;
                        avoid = Some(lease.link().address.clone());
                        tracing::debug!(grpc.target = %settings.name, %status, "sent again");
                        continue;
                    }
                    Err(Failed::NotProcessed(status) | Failed::Ended(status)) => {
                        avoid = Some(lease.link().address.clone());
                        (status, Pushback::None, None)
                    }
                }
            }
        };
        let Some(pause) = retries.next(failure.code(), pushback, !source.can_repeat()) else {
            return answer.ok_or(failure);
        };
        tracing::debug!(grpc.target = %settings.name, code = code::name(failure.code()), ?pause, "retried");
        sleep(pause).await;
        let before = HeaderValue::from(retries.before());
        head.headers.insert(PREVIOUS_ATTEMPTS, before);
    }
}

/// The answer, which ends in its own time; so does the request, in a task of its own.
fn answer(shared: &Shared, begun: Begun, mut source: Source, lease: Lease) -> Response<Body> {
    let Begun { head, mut pump } = begun;
    source.commit();
    let sending = (!pump.is_done()).then(|| {
        AbortOnDropHandle::new(tokio::spawn(async move {
            // A request that fails has reset its stream.
            let _ = poll_fn(|cx| pump.poll(&mut source, cx)).await;
        }))
    });
    let settings = Arc::clone(&shared.target.settings);
    let throttle = shared.throttle.clone();
    // An answer of OK without messages.
    if code::of(head.headers()).is_some() {
        if let Some(throttle) = &throttle {
            throttle.success();
        }
        return head.map(|_| Body::empty());
    }
    head.map(|stream| Body::new(Answer::new(stream, settings, throttle, sending, lease)))
}
