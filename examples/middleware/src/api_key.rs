//! The middleware: a `tower` layer that refuses calls without a known key.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use carml_runtime::config::Secret;
use futures_util::future::{Either, Ready, ready};
use http::{Request, Response};
use schemars::JsonSchema;
use serde::Deserialize;
use subtle::ConstantTimeEq as _;
use tonic::{Status, body::Body};
use tower_layer::Layer;
use tower_service::Service;

/// The options of `api_key` in `grpc.server.middleware`.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ApiKey {
    /// Who may call this server.
    #[schemars(length(min = 1))]
    clients: Vec<Client>,
}

/// One caller.
#[derive(Debug, Deserialize, JsonSchema)]
struct Client {
    /// The name that handlers see.
    name: String,
    /// What the client sends as `x-api-key`.
    key: Secret,
}

/// Who makes the call. Handlers read it from the extensions of the request.
#[derive(Clone, Debug)]
pub struct Caller(pub String);

/// Puts a [`Checked`] around a service.
pub struct ApiKeyLayer(Arc<ApiKey>);

impl ApiKeyLayer {
    pub fn new(options: ApiKey) -> Self {
        Self(Arc::new(options))
    }
}

impl<S> Layer<S> for ApiKeyLayer {
    type Service = Checked<S>;

    fn layer(&self, inner: S) -> Checked<S> {
        let options = Arc::clone(&self.0);
        Checked { options, inner }
    }
}

/// A service behind the check.
#[derive(Clone, Debug)]
pub struct Checked<S> {
    options: Arc<ApiKey>,
    inner: S,
}

impl<S: Service<Request<Body>, Response = Response<Body>>> Service<Request<Body>> for Checked<S> {
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Either<S::Future, Ready<Result<Response<Body>, S::Error>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        // Health probes have no key.
        let is_probe = request.uri().path().starts_with("/grpc.health.v1.Health/");
        match self.options.caller(&request) {
            Some(caller) => drop(request.extensions_mut().insert(caller)),
            None if is_probe => {}
            None => {
                let status = Status::unauthenticated("`x-api-key` is missing or unknown");
                return Either::Right(ready(Ok(status.into_http())));
            }
        }
        Either::Left(self.inner.call(request))
    }
}

impl ApiKey {
    fn caller(&self, request: &Request<Body>) -> Option<Caller> {
        let key = request.headers().get("x-api-key")?.as_bytes();
        // In constant time: how long it takes must not show how much of a key was right.
        let known = |client: &&Client| client.key.expose().as_bytes().ct_eq(key).into();
        let client = self.clients.iter().find(known)?;
        Some(Caller(client.name.clone()))
    }
}
