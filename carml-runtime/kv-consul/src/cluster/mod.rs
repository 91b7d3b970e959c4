//! Requests to a cluster.

mod endpoint;
mod failure;
mod http_client;

use std::{
    pin::{Pin, pin},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use bytes::Bytes;
use carml_kv::{
    Error, ErrorKind,
    client::{Backoff, Call, Caller, Failure, Limits, Outcome, misunderstood},
};
use http::{HeaderValue, Method, header::HeaderMap};
use http_body_util::{BodyExt as _, Full, Limited};
use serde::de::DeserializeOwned;
use tokio::{
    sync::Semaphore,
    time::{Instant, Sleep, sleep_until, timeout_at},
};
use tokio_util::sync::CancellationToken;

use self::{
    endpoint::Endpoint,
    http_client::{HttpClient, http_client},
};
use crate::{PROVIDER, options::Options};

/// The largest answer that is read: all values of a directory, in base64.
const MAX_ANSWER: usize = 1 << 30;

/// How many requests are sent at a time; others wait. An agent accepts 200 connections of one address
/// (`limits.http_max_conns_per_client`), which several clients may share.
const MAX_REQUESTS: usize = 64;

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    method: Method,
    path: String,
    body: Option<Bytes>,
    /// How long the server may wait before it answers.
    wait: Duration,
    /// Every answer to it has an index.
    indexed: bool,
}

impl Request {
    /// Reads keys.
    pub(crate) fn read(path: String) -> Request {
        Request {
            indexed: true,
            ..Request::get(path)
        }
    }

    pub(crate) fn get(path: String) -> Request {
        Request {
            method: Method::GET,
            path,
            body: None,
            wait: Duration::ZERO,
            indexed: false,
        }
    }

    pub(crate) fn put(path: String, body: Bytes) -> Request {
        Request {
            method: Method::PUT,
            body: Some(body),
            ..Request::get(path)
        }
    }

    pub(crate) fn waiting(self, wait: Duration) -> Request {
        Request { wait, ..self }
    }
}

/// An answer that says whether the request was executed.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Of what was read.
    pub(crate) index: Option<u64>,
    body: Bytes,
}

impl Answer {
    pub(crate) fn json<T: DeserializeOwned>(&self, op: &'static str) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(|e| misunderstood(PROVIDER, op).with_source(e))
    }
}

pub(crate) struct Cluster {
    caller: Caller<Endpoint>,
    token: Option<HeaderValue>,
    requests: Semaphore,
    /// `None`: closed.
    client: RwLock<Option<HttpClient>>,
}

impl Cluster {
    pub(crate) fn new(options: &Options) -> Result<Cluster, Error> {
        let endpoints = options.endpoints.iter();
        let endpoints = endpoints.map(|address| Endpoint::new(address, options).map(Arc::new));
        let endpoints = endpoints.collect::<Result<Vec<_>, Error>>()?;
        let encrypted = endpoints.iter().any(|one| one.is_encrypted());
        let limits = Limits {
            timeout: options.timeout,
            request_timeout: options.request_timeout,
        };
        let caller = Caller::new(PROVIDER, endpoints, limits)?;
        // A little less than one request, so that it is known that nothing was sent.
        let tls = encrypted.then(|| options.tls.clone().unwrap_or_default());
        let client = http_client(tls.as_ref(), caller.share() * 9 / 10)?;
        Ok(Cluster {
            caller,
            requests: Semaphore::new(MAX_REQUESTS),
            token: options.token.as_deref().map(token).transpose()?,
            client: RwLock::new(Some(client)),
        })
    }

    /// Cancelled when the client is closed.
    pub(crate) fn closed(&self) -> &CancellationToken {
        self.caller.closed()
    }

    pub(crate) fn closed_error(&self, op: &'static str) -> Error {
        self.caller.closed_error(op)
    }

    pub(crate) fn timeout(&self) -> Duration {
        self.caller.timeout()
    }

    pub(crate) fn share(&self) -> Duration {
        self.caller.share()
    }

    pub(crate) fn backoff(&self) -> Backoff {
        self.caller.backoff()
    }

    /// Sends a request to one server after another: see [`Caller::call`].
    pub(crate) async fn call(&self, call: &Call<'_>, request: &Request) -> Result<Answer, Error> {
        let attempt = |endpoint: Arc<Endpoint>, deadline| async move {
            let _permit = timeout_at(deadline, self.requests.acquire())
                .await
                .map_err(|_| Failure::new(Outcome::Unsent, "too many requests wait for answers"))?;
            let limit = self.caller.limit(call);
            self.attempt(&endpoint, request, limit, deadline).await
        };
        self.caller.call(call, attempt).await
    }

    /// Sends a request that waits for a change: one attempt, on one server.
    pub(crate) async fn wait(&self, op: &'static str, request: &Request) -> Result<Answer, Error> {
        let endpoint = self.caller.endpoints.current();
        // Consul waits up to a sixteenth longer.
        let limit = request.wait * 17 / 16 + self.share();
        let deadline = Instant::now() + limit + self.timeout();
        let answer = self.attempt(&endpoint, request, limit, deadline).await;
        answer.map_err(|failure| self.caller.stream_error(op, failure, &endpoint))
    }

    async fn attempt(
        &self,
        endpoint: &Arc<Endpoint>,
        request: &Request,
        limit: Duration,
        deadline: Instant,
    ) -> Result<Answer, Failure> {
        let sent = self.send(endpoint, request, limit, deadline).await;
        if let Err(failure) = &sent
            && !matches!(failure.outcome, Outcome::Refused(_))
        {
            self.caller.endpoints.failed(endpoint);
        }
        sent
    }

    async fn send(
        &self,
        endpoint: &Endpoint,
        request: &Request,
        limit: Duration,
        deadline: Instant,
    ) -> Result<Answer, Failure> {
        let closed = || Failure::new(Outcome::Unsent, "the store was closed");
        let client = self.client().ok_or_else(closed)?;
        let sending = client.request(self.request(endpoint, request)?);
        let start = Instant::now();
        let until = (start + limit).min(deadline);
        // One timer for both parts: each new one may wake the thread that waits for all timers.
        let mut timer = pin!(sleep_until(until));
        let response = match within(timer.as_mut(), sending).await {
            Some(response) => response.map_err(failure::requesting)?,
            None => return Err(Failure::silent(until - start)),
        };
        let (head, body) = response.into_parts();
        let index = header(&head.headers, "x-consul-index").and_then(|index| index.parse().ok());
        // What a token may not read is missing in lists; since 1.11 the server says so.
        let filtered = header(&head.headers, "x-consul-results-filtered-by-acls") == Some("true");
        timer.as_mut().reset(deadline);
        let body = match within(timer, Limited::new(body, MAX_ANSWER).collect()).await {
            Some(body) => body.map_err(failure::reading)?.to_bytes(),
            None => return Err(Failure::silent(deadline - start)),
        };
        let answer = Answer {
            status: head.status.as_u16(),
            index,
            body,
        };
        match failure::of(&answer) {
            Some(failure) => Err(failure),
            None if filtered => Err(failure::filtered()),
            None if request.indexed && index.is_none() => Err(failure::not_consul()),
            None => Ok(answer),
        }
    }

    fn client(&self) -> Option<HttpClient> {
        let client = self.client.read();
        client.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn request(
        &self,
        endpoint: &Endpoint,
        request: &Request,
    ) -> Result<http::Request<Full<Bytes>>, Failure> {
        let uri = endpoint.uri(&request.path).map_err(failure::invalid)?;
        let mut built = http::Request::builder()
            .method(request.method.clone())
            .uri(uri);
        if let Some(token) = &self.token {
            built = built.header("x-consul-token", token);
        }
        let body = request.body.clone().unwrap_or_default();
        built.body(Full::new(body)).map_err(failure::invalid)
    }

    /// Whether the server knows the token: without rights, reads of it may just be empty.
    pub(crate) async fn check_token(&self, call: &Call<'_>) -> Result<(), Error> {
        let request = Request::get("/v1/acl/token/self".to_owned());
        self.call(call, &request).await.map(drop)
    }

    /// Frees the connections.
    pub(crate) fn disconnect(&self) {
        *self.client.write().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// What a future returns before a timer ends.
async fn within<T>(timer: Pin<&mut Sleep>, future: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        done = future => Some(done),
        () = timer => None,
    }
}

fn token(text: &str) -> Result<HeaderValue, Error> {
    let mut token = HeaderValue::from_str(text).map_err(|_| {
        let why = "the token has characters that a header cannot hold";
        Error::new(ErrorKind::InvalidArgument, "open", why).with_backend(PROVIDER)
    })?;
    token.set_sensitive(true);
    Ok(token)
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
