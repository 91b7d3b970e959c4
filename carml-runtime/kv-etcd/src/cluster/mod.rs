//! Requests to a cluster.

mod endpoint;
mod failure;
mod members;

use std::{sync::Arc, time::Duration};

use carml_kv::{
    Error,
    client::{Backoff, Call, Caller, Failure, Limits, Outcome},
};
use etcd_client::{Client, Error as EtcdError};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use self::endpoint::Endpoint;
pub(crate) use self::{
    failure::{LEASE_NOT_FOUND, is_not_at_revision, is_too_large},
    members::follow_members,
};
use crate::{PROVIDER, options::Options};

/// The largest answer that is accepted. The server's own limit of a request is 1.5 MiB, by default.
pub(crate) const MAX_MESSAGE: usize = 16 << 20;

pub(crate) struct Cluster {
    caller: Caller<Endpoint>,
    options: Options,
}

impl Cluster {
    pub(crate) fn new(options: &Options) -> Result<Cluster, Error> {
        let endpoints = options.endpoints.iter();
        let endpoints = endpoints.map(|address| Endpoint::new(address, options).map(Arc::new));
        let endpoints = endpoints.collect::<Result<Vec<_>, Error>>()?;
        let limits = Limits {
            timeout: options.timeout,
            request_timeout: options.request_timeout,
        };
        Ok(Cluster {
            caller: Caller::new(PROVIDER, endpoints, limits)?,
            options: options.clone(),
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

    /// A key that the user may read: it is in the bucket. It need not exist.
    pub(crate) fn readable_key(&self) -> String {
        format!("{}/~", self.options.bucket.trim_end_matches('/'))
    }

    pub(crate) fn share(&self) -> Duration {
        self.caller.share()
    }

    pub(crate) fn backoff(&self) -> Backoff {
        self.caller.backoff()
    }

    /// Sends a request to one server after another: see [`Caller::call`].
    pub(crate) async fn call<T, F>(
        &self,
        call: &Call<'_>,
        request: impl Fn(Arc<Client>) -> F,
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<T, EtcdError>>,
    {
        let request = &request;
        let attempt = |endpoint: Arc<Endpoint>, deadline| async move {
            self.attempt(call, &endpoint, deadline, request).await
        };
        self.caller.call(call, attempt).await
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
        let until = (start + self.caller.limit(call)).min(deadline);
        let answer = match timeout_at(until, request(client.clone())).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => failure::requesting(error),
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
            Ok(Err(error)) => failure::connecting(error),
            Err(_) => Failure::not_connected(until - start),
        };
        if !matches!(failure.outcome, Outcome::Refused(_)) {
            self.caller.endpoints.failed(endpoint);
        }
        Err(failure)
    }

    fn failed(&self, endpoint: &Arc<Endpoint>, client: &Arc<Client>, failure: &Failure) {
        if matches!(failure.outcome, Outcome::Refused(_)) {
            return;
        }
        self.caller.endpoints.failed(endpoint);
        if failure::is_of_connection(failure) {
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
        let (call, endpoint) = (Call::read(op), self.caller.endpoints.current());
        let deadline = Instant::now() + self.timeout();
        let opened = async {
            let client = self.connect(&endpoint, deadline).await?;
            let stream = self.attempt(&call, &endpoint, deadline, &request).await?;
            Ok((stream, client))
        };
        match opened.await {
            Ok((stream, client)) => Ok((stream, Connection { endpoint, client })),
            Err(failure) => Err(self.caller.stream_error(op, failure, &endpoint)),
        }
    }

    /// A stream broke: its server is not asked next.
    pub(crate) fn broken(
        &self,
        op: &'static str,
        connection: &Connection,
        error: EtcdError,
    ) -> Error {
        let failure = failure::requesting(error);
        self.failed(&connection.endpoint, &connection.client, &failure);
        self.caller.stream_error(op, failure, &connection.endpoint)
    }

    /// Replaces the list of servers; those that stay keep their connections.
    pub(crate) fn set_members(&self, urls: &[String]) {
        let (old, mut list) = (self.caller.endpoints.list(), Vec::<Arc<Endpoint>>::new());
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
            self.caller.endpoints.replace(list);
        }
    }

    /// Frees the connections.
    pub(crate) fn disconnect(&self) {
        self.caller
            .endpoints
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
