//! Sends requests: the only way from the store to the service.

mod body;
mod client;
mod failure;
mod range;

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use carml_store::{Event, Events};
use futures_util::{StreamExt as _, stream};
use http::{Request, Response};
use opendal_core::{Buffer, HttpBody, HttpTransport, raw::ServiceOperation};
use tokio::time::timeout;

use body::{Activity, Upload};
pub(crate) use client::Client;
pub(crate) use failure::{Cause, Failure};

/// The longest answer that is not an object, in bytes.
const MAX_ANSWER: usize = 16 << 20;

/// The first pause before a request is sent again; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// The longest one, unless the service asks for a longer one.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Sends the requests of one transfer.
#[derive(Clone)]
pub(crate) struct Transport {
    client: Arc<Client>,
    events: Events,
}

/// An answer that is not an error.
type Answer = Response<HttpBody>;

impl Transport {
    pub(crate) fn new(client: Arc<Client>, events: Events) -> Self {
        Self { client, events }
    }

    /// Sends a request, again if that may help.
    pub(crate) async fn send(
        &self,
        op: &'static str,
        request: Request<Buffer>,
    ) -> Result<Answer, Failure> {
        let mut is_ambiguous = false;
        for attempt in 1.. {
            let cause = match self.once(op, &request).await {
                Ok(answer) => return Ok(answer),
                Err(cause) => cause,
            };
            is_ambiguous |= cause.may_have_applied();
            let retry = self.client.retry;
            let asked = cause.retry_after();
            let is_too_long = asked.is_some_and(|pause| pause > retry.max_wait);
            if attempt >= retry.attempts || is_too_long || !cause.can_be_repeated(op) {
                return Err(Failure {
                    op,
                    cause,
                    is_ambiguous,
                    gave_up: asked.filter(|_| is_too_long),
                });
            }
            let pause = asked.unwrap_or_else(|| pause(attempt));
            self.events.report(Event::Retry {
                after: pause,
                why: cause.to_string(),
            });
            tokio::time::sleep(pause).await;
        }
        unreachable!("the loop ends with its last attempt")
    }

    async fn once(&self, op: &'static str, request: &Request<Buffer>) -> Result<Answer, Cause> {
        let answer = self.exchange(request).await?;
        let status = answer.status();
        if !status.is_success() {
            let (parts, body) = answer.into_parts();
            let text = self.collect(body).await.unwrap_or_default();
            return Err(Cause::status(status, &parts.headers, &text));
        }
        if op == "GetObject" {
            range::check(request, &answer)?;
            return Ok(self.streamed(answer));
        }
        let (parts, body) = answer.into_parts();
        // An answer to HEAD has the length of what it does not send.
        let is_head = request.method() == http::Method::HEAD;
        let body = match is_head {
            true => Bytes::new(),
            false => self.collect(body).await?,
        };
        if op == "CompleteMultipartUpload" {
            failure::check_completion(&parts.headers, &body)?;
        }
        let size = (!is_head).then_some(body.len() as u64);
        let body = stream::iter([Ok(Buffer::from(body))]);
        Ok(Response::from_parts(parts, HttpBody::new(body, size)))
    }

    /// One request and the head of its answer.
    async fn exchange(&self, request: &Request<Buffer>) -> Result<Response<reqwest::Body>, Cause> {
        let activity = Activity::new();
        let (method, uri) = (request.method().clone(), request.uri().to_string());
        let mut sent = self.client.http.request(method, uri);
        sent = sent.headers(request.headers().clone());
        if !request.body().is_empty() {
            let upload = Upload::new(request.body().clone(), activity.clone());
            sent = sent.body(reqwest::Body::wrap(upload));
        }
        let limit = self.client.timeout;
        tokio::select! {
            answer = sent.send() => answer.map(Into::into).map_err(|error| Cause::sending(&error)),
            () = activity.silence(limit) => Err(Cause::silent(limit)),
        }
    }

    /// The whole body of an answer that is not an object.
    async fn collect(&self, body: reqwest::Body) -> Result<Bytes, Cause> {
        let mut chunks = body::chunks(body);
        let mut all = Vec::new();
        loop {
            match timeout(self.client.timeout, chunks.next()).await {
                Err(_) => return Err(Cause::silent(self.client.timeout)),
                Ok(None) => return Ok(all.into()),
                Ok(Some(Err(error))) => return Err(Cause::cut(&error)),
                Ok(Some(Ok(chunk))) => all.extend_from_slice(&chunk),
            }
            if all.len() > MAX_ANSWER {
                return Err(Cause::Answer("the answer has more than 16 MiB".to_owned()));
            }
        }
    }

    /// An object, chunk by chunk.
    fn streamed(&self, answer: Response<reqwest::Body>) -> Answer {
        let (parts, body) = answer.into_parts();
        let size = range::length(&parts.headers);
        let limit = self.client.timeout;
        let chunks = stream::unfold(Some(body::chunks(body)), move |chunks| async move {
            let mut chunks = chunks?;
            let failed = |cause| Some((Err(Failure::of("GetObject", cause).into()), None));
            match timeout(limit, chunks.next()).await {
                Err(_) => failed(Cause::silent(limit)),
                Ok(None) => None,
                Ok(Some(Err(error))) => failed(Cause::cut(&error)),
                Ok(Some(Ok(chunk))) => Some((Ok(Buffer::from(chunk)), Some(chunks))),
            }
        });
        Response::from_parts(parts, HttpBody::new(body::Shared::new(chunks), size))
    }

    /// A request of another kind, such as for credentials: once, whatever the answer.
    async fn forward(&self, request: Request<Buffer>) -> Result<Answer, Cause> {
        let (parts, body) = self.exchange(&request).await?.into_parts();
        let body = self.collect(body).await?;
        let size = Some(body.len() as u64);
        let body = stream::iter([Ok(Buffer::from(body))]);
        Ok(Response::from_parts(parts, HttpBody::new(body, size)))
    }
}

/// A random pause before the next attempt: the spread keeps clients from coming back at once.
pub(crate) fn pause(attempt: u32) -> Duration {
    let longest = FIRST_PAUSE.saturating_mul(1 << attempt.min(10).saturating_sub(1));
    longest.min(LONGEST_PAUSE).mul_f64(rand::random::<f64>())
}

impl HttpTransport for Transport {
    async fn fetch(&self, request: Request<Buffer>) -> opendal_core::Result<Answer> {
        let op = request.extensions().get::<ServiceOperation>().copied();
        Ok(match op {
            Some(ServiceOperation(op)) => self.send(op, request).await?,
            None => {
                let answer = self.forward(request).await;
                answer.map_err(|cause| Failure::of("credentials", cause))?
            }
        })
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transport")
    }
}
