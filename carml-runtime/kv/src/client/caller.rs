//! Sends the requests of a call to one server after another.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::{Backoff, Call, Endpoints, Failure, Outcome};
use crate::{Applied, Error, ErrorKind};

/// A server that requests are sent to.
pub trait Server: Send + Sync + 'static {
    /// `host:port`, for messages.
    fn name(&self) -> &str;
}

/// How long calls and requests may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// One call, with all retries.
    pub timeout: Duration,
    /// One request to one server. Without it, a request that can be repeated gets a part of
    /// `timeout`, so that there is time to ask another server.
    pub request_timeout: Option<Duration>,
}

/// The servers of one store, and until when they may be asked.
#[derive(Debug)]
pub struct Caller<S> {
    provider: &'static str,
    /// The servers.
    pub endpoints: Endpoints<S>,
    limits: Limits,
    closed: CancellationToken,
}

impl<S: Server> Caller<S> {
    /// For these servers.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` if there are none.
    pub fn new(
        provider: &'static str,
        servers: Vec<Arc<S>>,
        limits: Limits,
    ) -> Result<Caller<S>, Error> {
        if servers.is_empty() {
            let why = "`endpoints` must name at least one server";
            return Err(Error::new(ErrorKind::InvalidArgument, "open", why).with_backend(provider));
        }
        Ok(Caller {
            provider,
            endpoints: Endpoints::new(servers),
            limits,
            closed: CancellationToken::new(),
        })
    }

    /// For another server, with the same limits. It ends with a close of this one.
    #[must_use]
    pub fn with(&self, server: Arc<S>) -> Caller<S> {
        Caller {
            provider: self.provider,
            endpoints: Endpoints::new(vec![server]),
            limits: self.limits,
            closed: self.closed.child_token(),
        }
    }

    /// Cancelled when the client is closed.
    pub fn closed(&self) -> &CancellationToken {
        &self.closed
    }

    /// The error of a call after a close.
    pub fn closed_error(&self, op: &'static str) -> Error {
        Error::new(ErrorKind::Closed, op, "the store was closed").with_backend(self.provider)
    }

    /// The time for a call with its retries: a little less than the user's, so that the error of the
    /// last attempt is the answer.
    pub fn timeout(&self) -> Duration {
        self.limits.timeout * 19 / 20
    }

    /// The time for one request that can be repeated, and for connecting.
    pub fn share(&self) -> Duration {
        let servers = self.endpoints.list().len();
        let share = self.timeout() / servers.clamp(1, 3) as u32;
        self.limits
            .request_timeout
            .map_or(share, |own| own.min(share))
    }

    /// The time for one request of a call.
    pub fn limit(&self, call: &Call<'_>) -> Duration {
        match (call.limit(), call.is_repeatable()) {
            (Some(limit), _) => limit,
            (None, true) => self.share(),
            (None, false) => self.limits.request_timeout.unwrap_or(self.timeout()),
        }
    }

    /// Pauses between attempts at these servers.
    pub fn backoff(&self) -> Backoff {
        Backoff::new(self.endpoints.list().len())
    }

    /// Sends a request to one server after another until there is an answer, or a failure that rules
    /// out another attempt, or the time is over. `request` gets the server and the deadline.
    ///
    /// # Errors
    ///
    /// That of the last attempt, or `Closed`.
    pub async fn call<T, F>(
        &self,
        call: &Call<'_>,
        request: impl Fn(Arc<S>, Instant) -> F,
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        if call.is_cleanup() {
            return self.attempts(call, request).await;
        }
        if self.closed.is_cancelled() {
            return Err(call.about(self.closed_error(call.op())));
        }
        tokio::select! {
            () = self.closed.cancelled() => {
                let mut error = self.closed_error(call.op());
                if !call.is_repeatable() {
                    error.applied = Applied::Maybe;
                }
                Err(call.about(error))
            }
            done = self.attempts(call, request) => done,
        }
    }

    async fn attempts<T, F>(
        &self,
        call: &Call<'_>,
        request: impl Fn(Arc<S>, Instant) -> F,
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let deadline = Instant::now() + self.timeout();
        let (mut backoff, mut last) = (self.backoff(), None);
        loop {
            let (server, start) = (self.endpoints.current(), Instant::now());
            let failure = match request(server.clone(), deadline).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let (kind, (failure, server)) = match failure.outcome {
                Outcome::Refused(kind) => (kind, (failure, server)),
                Outcome::Unknown if !call.is_repeatable() => {
                    (ErrorKind::Indeterminate, (failure, server))
                }
                Outcome::Unsent | Outcome::Unknown => {
                    let (now, pause) = (Instant::now(), backoff.pause());
                    // What the deadline cut short says less than the attempt before it. On a busy
                    // machine, it ends later than it should.
                    let is_cut_short = now >= deadline && start + self.limit(call) > deadline;
                    let before = last.take().filter(|_| is_cut_short);
                    let failed = before.unwrap_or((failure, server));
                    if now + pause < deadline {
                        last = Some(failed);
                        sleep(pause).await;
                        continue;
                    }
                    (ErrorKind::Unavailable, failed)
                }
            };
            let error = failure.into_error(kind, call.op(), self.provider, server.name());
            return Err(call.about(error));
        }
    }

    /// The error of a stream, which was opened with one attempt.
    pub fn stream_error(&self, op: &'static str, failure: Failure, server: &S) -> Error {
        let kind = match failure.outcome {
            Outcome::Refused(kind) => kind,
            Outcome::Unsent | Outcome::Unknown => ErrorKind::Unavailable,
        };
        failure.into_error(kind, op, self.provider, server.name())
    }
}
