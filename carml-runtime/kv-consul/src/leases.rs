//! Leases: sessions that no health check ends, and whose keys Consul removes.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use carml_kv::{
    Error, ErrorKind, Lease, LeaseId,
    client::{Call, Validity, misunderstood},
};
use serde::Deserialize;
use serde_json::json;

use crate::{Consul, PROVIDER, cluster::Request, duration, pair::lease_id};

/// The longest that Consul grants.
pub(crate) const MAX_TTL: Duration = Duration::from_secs(86_400);

/// How many sessions are known before those that have ended by the clock are forgotten.
const MAX_KNOWN: usize = 1024;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Session {
    #[serde(rename = "ID")]
    id: String,
    #[serde(default)]
    behavior: String,
    #[serde(rename = "TTL", default)]
    ttl: String,
}

#[derive(Deserialize)]
struct Created {
    #[serde(rename = "ID")]
    id: String,
}

/// The shortest that the server grants, if that is why it refused.
fn min_ttl(error: &Error) -> Option<Duration> {
    let range = error.message.split_once("must be between [")?.1;
    duration::parse(range.split_once('=')?.0)
}

impl Consul {
    /// Creates a session and follows its clock. It is not renewed yet.
    pub(crate) async fn grant(
        &self,
        call: &Call<'_>,
        ttl: Duration,
        lock_delay: Duration,
    ) -> Result<(LeaseId, Arc<Validity>), Error> {
        match self.create(call, ttl, lock_delay).await {
            Err(e) => match min_ttl(&e) {
                Some(min) if min > ttl => self.create(call, min, lock_delay).await,
                _ => Err(e),
            },
            created => created,
        }
    }

    async fn create(
        &self,
        call: &Call<'_>,
        ttl: Duration,
        lock_delay: Duration,
    ) -> Result<(LeaseId, Arc<Validity>), Error> {
        let written = duration::write(ttl);
        let body = json!({
            "Name": "carml",
            "TTL": written,
            "Behavior": "delete",
            "LockDelay": duration::write(lock_delay),
            "NodeChecks": [],
        });
        let body = Bytes::from(body.to_string());
        let request = Request::put("/v1/session/create".to_owned(), body);
        // A repeated request is granted later than the first one was sent.
        let sent = Instant::now();
        let created: Created = self
            .shared
            .cluster
            .call(call, &request)
            .await?
            .json(call.op())?;
        let id = lease_id(&created.id).ok_or_else(|| misunderstood(PROVIDER, call.op()))?;
        self.remember(id, created.id);
        let ttl = duration::parse(&written).unwrap_or(ttl);
        let validity = self.shared.leases.add(id, ttl, sent);
        if self.shared.closed().is_cancelled() {
            self.shared.leases.ended(id);
        }
        Ok((id, validity))
    }

    /// A lease that is renewed until it is dropped.
    pub(crate) fn keep(&self, id: LeaseId, validity: &Validity) -> Lease {
        let lost = validity.lost().clone();
        Lease::new(id, validity.ttl(), lost, Arc::new(self.clone()))
    }

    /// The session of a lease. Another client may have created it.
    pub(crate) async fn session(&self, call: &Call<'_>, id: LeaseId) -> Result<String, Error> {
        let known = self.shared.sessions().get(&id.0).cloned();
        if let Some(session) = known {
            return Ok(session);
        }
        let request = Request::read("/v1/session/list?consistent".to_owned());
        let all: Vec<Session> = self
            .shared
            .cluster
            .call(call, &request)
            .await?
            .json(call.op())?;
        let session = all
            .into_iter()
            .find(|one| one.behavior == "delete" && lease_id(&one.id) == Some(id))
            .ok_or_else(|| self.lease_lost(call, id))?;
        self.remember(id, session.id.clone());
        Ok(session.id)
    }

    pub(crate) fn lease_lost(&self, call: &Call<'_>, id: LeaseId) -> Error {
        self.forget(id);
        let why = "the lease has ended";
        call.about(Error::new(ErrorKind::LeaseLost, call.op(), why).with_backend(PROVIDER))
    }

    /// What is forgotten is looked up again.
    fn remember(&self, id: LeaseId, session: String) {
        let mut sessions = self.shared.sessions();
        if sessions.len() >= MAX_KNOWN {
            sessions.retain(|id, _| self.shared.leases.get(LeaseId(*id)).is_some());
        }
        sessions.insert(id.0, session);
    }

    fn forget(&self, id: LeaseId) {
        self.shared.leases.ended(id);
        self.shared.sessions().remove(&id.0);
    }

    /// Renews a lease and returns its granted ttl.
    pub(crate) async fn renew(&self, id: LeaseId) -> Result<Duration, Error> {
        let mut call = Call::read("keep_alive");
        let session = self.session(&call, id).await?;
        let validity = self.shared.leases.get(id);
        if let Some(validity) = &validity {
            // A server that does not answer must not use up the time of a short lease.
            call = call.within((validity.ttl() / 4).min(self.shared.cluster.share()));
        }
        let path = format!("/v1/session/renew/{session}");
        let request = Request::put(path, Bytes::new());
        // What counts is when the answered request was sent; an earlier one is on the safe side.
        let sent = Instant::now();
        let answer = self.shared.cluster.call(&call, &request).await?;
        if answer.status == 404 {
            return Err(self.lease_lost(&call, id));
        }
        let renewed: Vec<Session> = answer.json(call.op())?;
        let ttl = renewed.first().and_then(|one| duration::parse(&one.ttl));
        if let Some(validity) = &validity {
            validity.renewed(sent);
        }
        ttl.ok_or_else(|| misunderstood(PROVIDER, call.op()))
    }

    /// Ends a lease; `LeaseLost` if it has ended before.
    pub(crate) async fn end_lease(&self, id: LeaseId) -> Result<(), Error> {
        let call = Call::read("revoke");
        let session = self.session(&call, id).await?;
        // Consul does not say whether a destroyed session existed.
        let path = format!("/v1/session/info/{session}?consistent");
        let answer = self
            .shared
            .cluster
            .call(&call, &Request::read(path))
            .await?;
        let found: Option<Vec<Session>> = answer.json(call.op())?;
        if found.is_none_or(|found| found.is_empty()) {
            return Err(self.lease_lost(&call, id));
        }
        self.destroy(&Call::write("revoke"), id, &session).await
    }

    pub(crate) async fn destroy(
        &self,
        call: &Call<'_>,
        id: LeaseId,
        session: &str,
    ) -> Result<(), Error> {
        let path = format!("/v1/session/destroy/{session}");
        let request = Request::put(path, Bytes::new());
        self.shared.cluster.call(call, &request).await?;
        self.forget(id);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_minimum_is_read_from_its_refusal() {
        let text = "Invalid Session TTL '500000000', must be between [10s=24h0m0s] (a:1)";
        let error = Error::new(ErrorKind::InvalidArgument, "lease", text);
        assert_eq!(min_ttl(&error), Some(Duration::from_secs(10)));
        let other = Error::new(ErrorKind::InvalidArgument, "lease", "why");
        assert_eq!(min_ttl(&other), None);
    }
}
