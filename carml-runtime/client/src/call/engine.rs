//! From a call to its attempts.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::{Arc, atomic::Ordering::Relaxed},
    task::{Context, Poll},
    time::Duration,
};

use carml_grpc::{chain::Chain, code, deadline};
use http::{HeaderValue, Request, Response, request::Parts};
use tokio::time::{Instant, sleep};
use tonic::{Code, body::Body};
use tower_service::Service;

use super::{
    attempt::{self, Reached},
    hedge,
    inside::Inside,
    retry::{Pushback, Retries},
    shared::Shared,
    source::Source,
    state::CallState,
    throttle::Throttle,
};
use crate::{
    counters::{Counters, MethodCounters},
    settings::Method,
    target::Target,
};

const PREVIOUS_ATTEMPTS: &str = "grpc-previous-rpc-attempts";

/// What is inside the chain of a channel: from a request to an answer of one of the instances.
#[derive(Clone, Debug)]
pub(crate) struct Engine {
    shared: Arc<Shared>,
    /// What is inside of `retry` in the chain.
    inside: Option<Inside>,
}

impl Engine {
    /// An engine for the calls of a target, with what each attempt passes through.
    pub(crate) fn new(
        target: Target,
        attempts: Option<&Chain>,
        counters: Option<Arc<Counters>>,
    ) -> Self {
        let throttling = target.settings.throttling.as_ref();
        let throttle = throttling.map(|config| Arc::new(Throttle::new(config)));
        let shared = Arc::new(Shared {
            target,
            throttle,
            kept: Arc::default(),
            counters,
        });
        Self {
            inside: attempts.map(|chain| Inside::new(chain, &shared)),
            shared,
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
        let engine = self.clone();
        Box::pin(async move { Ok(run(&engine, request).await) })
    }
}

/// One call.
pub(super) struct Call<'a> {
    engine: &'a Engine,
    head: Parts,
    pub(super) source: Source,
    pub(super) method: Arc<Method>,
    state: Arc<CallState>,
    /// None if nobody asks for metrics.
    pub(super) counters: Option<Arc<MethodCounters>>,
}

async fn run(engine: &Engine, request: Request<Body>) -> Response<Body> {
    let shared = &engine.shared;
    let (head, body) = request.into_parts();
    let path = head.uri.path();
    let method = Arc::clone(shared.target.settings.methods.of_path(path));
    let deadline = deadline::timeout(&head.headers).ok().flatten();
    let deadline = deadline.and_then(|timeout| Instant::now().checked_add(timeout));
    let call = Call {
        engine,
        source: Source::new(body, Arc::clone(&shared.kept)),
        state: Arc::new(CallState::new(deadline, method.wait_for_ready)),
        counters: shared
            .counters
            .as_ref()
            .map(|counters| counters.of_path(path)),
        method,
        head,
    };
    match &call.method.hedging {
        Some(policy) => hedge::run(&call, policy).await,
        None => retried(&call).await,
    }
}

/// The answer of the last attempt, each of which begins after the one before it has ended.
async fn retried(call: &Call<'_>) -> Response<Body> {
    let mut retries = Retries::new(call.method.retry.as_ref(), call.throttle().cloned());
    loop {
        let (answer, reached) = call.attempt(retries.before()).await;
        let Some(code) = failure(&answer).filter(|_| reached != Reached::Request) else {
            call.source.commit();
            return answer;
        };
        let pushback = Pushback::of(answer.headers());
        let Some(pause) = retries.next(code, pushback, !call.source.can_repeat()) else {
            return answer;
        };
        let target = call.target_name();
        tracing::debug!(
            grpc.target = target,
            code = code::name(code),
            ?pause,
            "retried"
        );
        if let Some(counters) = &call.counters {
            counters.retried(pause);
        }
        sleep(pause).await;
    }
}

/// The code of an answer that is only a status, and not OK. Others commit the call to them.
pub(super) fn failure(answer: &Response<Body>) -> Option<Code> {
    code::of(answer.headers()).filter(|code| *code != Code::Ok)
}

impl Call<'_> {
    pub(super) fn throttle(&self) -> Option<&Arc<Throttle>> {
        self.engine.shared.throttle.as_ref()
    }

    /// Whether another attempt may be sent while one goes on.
    pub(super) fn may_send_more(&self) -> bool {
        self.source.can_repeat() && self.throttle().is_none_or(|tokens| tokens.allows())
    }

    pub(super) fn target_name(&self) -> &str {
        &self.engine.shared.target.settings.name
    }

    /// One attempt; what its server has not seen is sent again, any number of times if it was not
    /// sent, and else once in the whole call.
    pub(super) async fn attempt(&self, before: u32) -> (Response<Body>, Reached) {
        loop {
            let (answer, reached) = self.send(before).await;
            let is_again = match reached {
                Reached::NotSent => true,
                Reached::NotProcessed => {
                    self.source.can_repeat() && !self.state.was_unprocessed.swap(true, Relaxed)
                }
                Reached::Server | Reached::Request => false,
            };
            if !is_again {
                return (answer, reached);
            }
            tracing::debug!(grpc.target = self.target_name(), ?reached, "sent again");
            if let Some(counters) = &self.counters {
                counters.transparent();
            }
            if reached == Reached::NotSent {
                // Others run, too, if connections end as fast as they are made.
                tokio::task::yield_now().await;
            }
        }
    }

    async fn send(&self, before: u32) -> (Response<Body>, Reached) {
        let mut request = Request::new(self.source.reader());
        *request.method_mut() = self.head.method.clone();
        *request.uri_mut() = self.head.uri.clone();
        *request.headers_mut() = self.head.headers.clone();
        if before > 0 {
            let before = HeaderValue::from(before);
            request.headers_mut().insert(PREVIOUS_ATTEMPTS, before);
        }
        let Some(inside) = &self.engine.inside else {
            return attempt::run(&self.engine.shared, &self.state, request).await;
        };
        *request.extensions_mut() = self.head.extensions.clone();
        if let Some(at) = self.state.deadline {
            let left: Duration = at.saturating_duration_since(Instant::now());
            let headers = request.headers_mut();
            headers.insert(deadline::HEADER, deadline::header(left));
        }
        inside.run(&self.state, request.map(Body::new)).await
    }
}
