//! Requests to a cluster: which server is asked, and what is tried again.

mod backoff;
mod endpoint;
mod endpoints;
mod failure;
mod members;

use std::{sync::Arc, time::Duration};

use carml_kv::{Applied, Error, ErrorKind};
use etcd_client::{Client, Error as EtcdError};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

pub(crate) use self::{
    backoff::Backoff,
    endpoint::Endpoint,
    failure::{is_not_at_revision, is_too_large},
    members::follow_members,
};
use self::{
    endpoints::Endpoints,
    failure::{Failure, Outcome},
};
use crate::{PROVIDER, options::Options};

/// The largest answer that is accepted. The server's own limit of a request is 1.5 MiB, by default.
pub(crate) const MAX_MESSAGE: usize = 16 << 20;

/// What is called, and how often it may be sent.
pub(crate) struct Call<'a> {
    op: &'static str,
    key: Option<&'a str>,
    /// May be sent again after a failure that leaves open whether it was executed.
    repeat: bool,
    /// The time for one request.
    limit: Option<Duration>,
    /// Is sent even after a close.
    cleanup: bool,
}

impl<'a> Call<'a> {
    /// A call that may be executed twice.
    pub(crate) fn read(op: &'static str) -> Call<'a> {
        Call {
            op,
            key: None,
            repeat: true,
            limit: None,
            cleanup: false,
        }
    }

    /// A call that is executed at most once.
    pub(crate) fn write(op: &'static str) -> Call<'a> {
        Call {
            repeat: false,
            ..Call::read(op)
        }
    }

    pub(crate) fn cleanup(op: &'static str) -> Call<'a> {
        Call {
            cleanup: true,
            ..Call::read(op)
        }
    }

    pub(crate) fn on(self, key: &'a str) -> Call<'a> {
        Call {
            key: Some(key),
            ..self
        }
    }

    pub(crate) fn within(self, limit: Duration) -> Call<'a> {
        Call {
            limit: Some(limit),
            ..self
        }
    }

    fn about(&self, error: Error) -> Error {
        match self.key {
            Some(key) => error.with_key(key),
            None => error,
        }
    }
}

pub(crate) struct Cluster {
    endpoints: Endpoints,
    options: Options,
    closed: CancellationToken,
}

impl Cluster {
    pub(crate) fn new(options: &Options) -> Result<Cluster, Error> {
        let endpoints = options.endpoints.iter();
        let endpoints = endpoints.map(|address| Endpoint::new(address, options).map(Arc::new));
        let endpoints = endpoints.collect::<Result<Vec<_>, Error>>()?;
        if endpoints.is_empty() {
            let why = "`endpoints` must name at least one server";
            return Err(Error::new(ErrorKind::InvalidArgument, "open", why).with_backend(PROVIDER));
        }
        Ok(Cluster {
            endpoints: Endpoints::new(endpoints),
            options: options.clone(),
            closed: CancellationToken::new(),
        })
    }

    /// Cancelled when the client is closed.
    pub(crate) fn closed(&self) -> &CancellationToken {
        &self.closed
    }

    /// The time for a call with its retries: a little less than the user's, so that the error of the
    /// last attempt is the answer.
    pub(crate) fn timeout(&self) -> Duration {
        self.options.timeout * 19 / 20
    }

    /// The time for one request that can be repeated, and for connecting.
    pub(crate) fn share(&self) -> Duration {
        let share = self.timeout() / self.endpoints.len().clamp(1, 3) as u32;
        self.options
            .request_timeout
            .map_or(share, |own| own.min(share))
    }

    fn limit(&self, call: &Call<'_>) -> Duration {
        match (call.limit, call.repeat) {
            (Some(limit), _) => limit,
            (None, true) => self.share(),
            (None, false) => self.options.request_timeout.unwrap_or(self.timeout()),
        }
    }

    pub(crate) fn backoff(&self) -> Backoff {
        Backoff::new(self.endpoints.len())
    }

    /// Sends a request to one server after another until there is an answer, or a failure that rules
    /// out another attempt, or the time is over.
    pub(crate) async fn call<T, F>(
        &self,
        call: &Call<'_>,
        request: impl Fn(Arc<Client>) -> F,
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<T, EtcdError>>,
    {
        if call.cleanup {
            return self.attempts(call, request).await;
        }
        if self.closed.is_cancelled() {
            return Err(call.about(closed(call.op)));
        }
        tokio::select! {
            () = self.closed.cancelled() => {
                let mut error = closed(call.op);
                if !call.repeat {
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
        request: impl Fn(Arc<Client>) -> F,
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<T, EtcdError>>,
    {
        let deadline = Instant::now() + self.timeout();
        let mut backoff = self.backoff();
        loop {
            let endpoint = self.endpoints.current();
            let failure = match self.attempt(call, &endpoint, deadline, &request).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let kind = match failure.outcome {
                Outcome::Refused(kind) => kind,
                Outcome::Unknown if !call.repeat => ErrorKind::Indeterminate,
                Outcome::Unsent | Outcome::Unknown => {
                    let pause = backoff.pause();
                    if Instant::now() + pause < deadline {
                        sleep(pause).await;
                        continue;
                    }
                    ErrorKind::Unavailable
                }
            };
            return Err(call.about(failure.into_error(kind, call.op, &endpoint.name)));
        }
    }

    async fn attempt<T, F>(
        &self,
        call: &Call<'_>,
        endpoint: &Arc<Endpoint>,
        deadline: Instant,
        request: impl Fn(Arc<Client>) -> F,
    ) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, EtcdError>>,
    {
        let client = self.connect(endpoint, deadline).await?;
        let start = Instant::now();
        let until = (start + self.limit(call)).min(deadline);
        let answer = match timeout_at(until, request(client.clone())).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => Failure::of(error),
            Err(_) => Failure::silent(until - start),
        };
        self.failed(endpoint, &client, &answer);
        Err(answer)
    }

    async fn connect(
        &self,
        endpoint: &Arc<Endpoint>,
        deadline: Instant,
    ) -> Result<Arc<Client>, Failure> {
        let start = Instant::now();
        let until = (start + self.share()).min(deadline);
        let failure = match timeout_at(until, endpoint.client()).await {
            Ok(Ok(client)) => return Ok(client),
            Ok(Err(error)) => Failure::connecting(error),
            Err(_) => Failure::not_connected(until - start),
        };
        if !matches!(failure.outcome, Outcome::Refused(_)) {
            self.endpoints.failed(endpoint);
        }
        Err(failure)
    }

    fn failed(&self, endpoint: &Arc<Endpoint>, client: &Arc<Client>, failure: &Failure) {
        if matches!(failure.outcome, Outcome::Refused(_)) {
            return;
        }
        self.endpoints.failed(endpoint);
        if failure.is_of_connection() {
            endpoint.forget(client);
        }
    }

    /// Opens a stream: one attempt, on one server.
    pub(crate) async fn open<T, F>(
        &self,
        op: &'static str,
        request: impl Fn(Arc<Client>) -> F,
    ) -> Result<(T, Connection), Error>
    where
        F: Future<Output = Result<T, EtcdError>>,
    {
        let (call, endpoint) = (Call::read(op), self.endpoints.current());
        let deadline = Instant::now() + self.timeout();
        let opened = async {
            let client = self.connect(&endpoint, deadline).await?;
            let stream = self.attempt(&call, &endpoint, deadline, &request).await?;
            Ok((stream, client))
        };
        match opened.await {
            Ok((stream, client)) => Ok((stream, Connection { endpoint, client })),
            Err(failure) => Err(stream_error(op, failure, &endpoint)),
        }
    }

    /// A stream broke: its server is not asked next.
    pub(crate) fn broken(
        &self,
        op: &'static str,
        connection: &Connection,
        error: EtcdError,
    ) -> Error {
        let failure = Failure::of(error);
        self.failed(&connection.endpoint, &connection.client, &failure);
        stream_error(op, failure, &connection.endpoint)
    }

    /// Replaces the list of servers; those that stay keep their connections.
    pub(crate) fn set_members(&self, urls: &[String]) {
        let (old, mut list) = (self.endpoints.list(), Vec::<Arc<Endpoint>>::new());
        for endpoint in urls
            .iter()
            .filter_map(|url| Endpoint::new(url, &self.options).ok())
        {
            let known = old.iter().find(|known| known.name == endpoint.name);
            let endpoint = known.cloned().unwrap_or_else(|| Arc::new(endpoint));
            if !list.iter().any(|one| one.name == endpoint.name) {
                list.push(endpoint);
            }
        }
        if !list.is_empty() {
            self.endpoints.replace(list);
        }
    }

    /// Frees the connections.
    pub(crate) fn disconnect(&self) {
        self.endpoints
            .list()
            .iter()
            .for_each(|one| one.disconnect());
    }
}

/// The connection of a stream.
pub(crate) struct Connection {
    endpoint: Arc<Endpoint>,
    client: Arc<Client>,
}

fn stream_error(op: &'static str, failure: Failure, endpoint: &Endpoint) -> Error {
    let kind = match failure.outcome {
        Outcome::Refused(kind) => kind,
        Outcome::Unsent | Outcome::Unknown => ErrorKind::Unavailable,
    };
    failure.into_error(kind, op, &endpoint.name)
}

pub(crate) fn closed(op: &'static str) -> Error {
    Error::new(ErrorKind::Closed, op, "the store was closed").with_backend(PROVIDER)
}
