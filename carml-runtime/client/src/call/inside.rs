//! What is inside of `retry` in the chain of a channel: each attempt passes through it.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
};

use carml_grpc::chain::{Chain, ChainLayer, ChainService};
use http::{Request, Response};
use tonic::body::Body;
use tower_layer::Layer as _;
use tower_service::Service;

use super::{
    attempt::{self, Reached},
    shared::Shared,
    state::CallState,
};

/// The part of the chain, and the network inside of it.
#[derive(Clone, Debug)]
pub(super) struct Inside(ChainService<Network>);

/// What an attempt needs besides its request, on its way through the chain.
#[derive(Clone)]
struct Terms {
    state: Arc<CallState>,
    /// Not set if a middleware ends the attempt.
    reached: Arc<OnceLock<Reached>>,
}

impl Inside {
    pub(super) fn new(chain: &Chain, shared: &Arc<Shared>) -> Self {
        let network = Network(Arc::clone(shared));
        Self(ChainLayer::new(chain.clone()).layer(network))
    }

    /// An attempt through this part of the chain.
    pub(super) async fn run(
        &self,
        state: &Arc<CallState>,
        mut request: Request<Body>,
    ) -> (Response<Body>, Reached) {
        let reached = Arc::new(OnceLock::new());
        request.extensions_mut().insert(Terms {
            state: Arc::clone(state),
            reached: Arc::clone(&reached),
        });
        let Ok(answer) = self.0.clone().call(request).await;
        (answer, reached.get().copied().unwrap_or_default())
    }
}

/// The innermost of the part.
#[derive(Clone, Debug)]
struct Network(Arc<Shared>);

impl Service<Request<Body>> for Network {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let shared = Arc::clone(&self.0);
        let terms = request.extensions_mut().remove::<Terms>();
        Box::pin(async move {
            // A custom layer that makes a new request has no terms: it is a call of its own.
            let (state, slot) = match terms {
                Some(terms) => (terms.state, Some(terms.reached)),
                None => (Arc::new(CallState::new(None, false)), None),
            };
            let (answer, reached) = attempt::run(&shared, &state, request).await;
            if let Some(slot) = slot {
                let _ = slot.set(reached);
            }
            Ok(answer)
        })
    }
}
