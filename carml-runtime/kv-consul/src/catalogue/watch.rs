//! The instances of a service, kept up to date by blocking queries.

use std::{collections::HashSet, sync::Arc, time::Duration};

use carml_discovery::{Instance, Update};
use carml_kv::{
    Error, ErrorKind,
    client::{Backoff, Call},
};
use futures_util::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::entry::Health;
use crate::{
    Consul,
    cluster::{Answer, Request},
};

/// How long Consul waits for a change.
const WAIT: Duration = Duration::from_secs(10);

/// The request for all instances whose checks pass, once there is a change after `index`.
pub(super) fn path(service: &str, index: u64) -> String {
    let service = utf8_percent_encode(service, NON_ALPHANUMERIC);
    let wait = WAIT.as_secs();
    match index {
        0 => format!("/v1/health/service/{service}?passing"),
        _ => format!("/v1/health/service/{service}?passing&index={index}&wait={wait}s"),
    }
}

/// Each address once.
pub(super) fn instances(answer: &Answer) -> Result<Vec<Arc<Instance>>, Error> {
    let found: Vec<Health> = answer.json("services")?;
    let mut addresses = HashSet::new();
    let found = found.into_iter().map(Health::into_instance);
    let once = found.filter(|instance| addresses.insert(instance.address.clone()));
    Ok(once.map(Arc::new).collect())
}

/// The first read is part of the call, so its failure is the result of the call.
pub(super) async fn updates(
    consul: Consul,
    service: &str,
) -> Result<BoxStream<'static, Result<Update, Error>>, Error> {
    let call = Call::read("services").on(service);
    let request = Request::read(path(service, 0));
    let answer = consul.shared.cluster.call(&call, &request).await?;
    let first = Update::Instances {
        instances: instances(&answer)?,
        is_resync: false,
    };
    let follower = Follower {
        backoff: consul.shared.cluster.backoff(),
        consul,
        service: service.to_owned(),
        index: answer.index.unwrap_or_default(),
        is_away: false,
    };
    let rest = stream::try_unfold(follower, |mut follower| async move {
        let update = follower.next().await?;
        Ok(update.map(|update| (update, follower)))
    });
    Ok(stream::iter([Ok(first)]).chain(rest).boxed())
}

struct Follower {
    consul: Consul,
    service: String,
    index: u64,
    backoff: Backoff,
    is_away: bool,
}

impl Follower {
    /// `None`: the store was closed.
    async fn next(&mut self) -> Result<Option<Update>, Error> {
        let closed = self.consul.shared.closed().clone();
        loop {
            let query = Request::read(path(&self.service, self.index)).waiting(WAIT);
            let answer = tokio::select! {
                () = closed.cancelled() => return Ok(None),
                answer = self.consul.shared.cluster.wait("services", &query) => answer,
            };
            match answer {
                Ok(answer) => {
                    self.backoff.reset();
                    let index = answer.index.unwrap_or_default();
                    let is_reset = index < self.index;
                    // A wait for what comes after 0 does not wait.
                    let is_news = index != self.index || self.is_away;
                    self.index = if is_reset { 0 } else { index.max(1) };
                    if is_news {
                        let is_resync = is_reset || std::mem::take(&mut self.is_away);
                        let instances = instances(&answer)?;
                        return Ok(Some(Update::Instances {
                            instances,
                            is_resync,
                        }));
                    }
                }
                Err(error) if error.kind == ErrorKind::Unavailable => {
                    tokio::time::sleep(self.backoff.pause()).await;
                    // The next server has its own index.
                    self.index = 0;
                    if !std::mem::replace(&mut self.is_away, true) {
                        return Ok(Some(Update::Unreachable));
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }
}
