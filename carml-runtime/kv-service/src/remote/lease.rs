//! Leases, renewed from here.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use carml_runtime::kv::{Error, ErrorKind, Lease, LeaseId, contract::*};
use tokio::time::timeout_at;
use tokio_util::sync::CancellationToken;

use super::{Remote, calls::answer};
use crate::api;

impl Leases for Remote {
    fn lease(&self, ttl: Duration) -> Answer<'_, Lease> {
        let mut client = self.client.clone();
        Box::pin(async move {
            let asked = Instant::now();
            let ttl_millis = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX);
            let request = api::LeaseGrantRequest { ttl_millis };
            let granted = answer("lease", client.lease_grant(request).await)?;
            let ttl = Duration::from_millis(granted.ttl_millis);
            let lost = CancellationToken::new();
            let held = Held {
                remote: self.clone(),
                lost: lost.clone(),
                ends: Mutex::new(asked + ttl),
            };
            Ok(Lease::new(
                LeaseId(granted.lease),
                ttl,
                lost,
                Arc::new(held),
            ))
        })
    }

    fn keep_alive(&self, id: LeaseId) -> Answer<'_, Duration> {
        let mut client = self.client.clone();
        Box::pin(async move {
            let request = api::LeaseKeepAliveRequest { lease: id.0 };
            let alive = answer("keep_alive", client.lease_keep_alive(request).await)?;
            Ok(Duration::from_millis(alive.ttl_millis))
        })
    }

    fn revoke(&self, id: LeaseId) -> Answer<'_, ()> {
        let mut client = self.client.clone();
        Box::pin(async move {
            let request = api::LeaseRevokeRequest { lease: id.0 };
            answer("revoke", client.lease_revoke(request).await).map(drop)
        })
    }
}

/// A lease that this process renews: lost when the store says so, or when it could not be reached
/// for a whole ttl.
struct Held {
    remote: Remote,
    lost: CancellationToken,
    ends: Mutex<Instant>,
}

impl Held {
    fn ends(&self) -> MutexGuard<'_, Instant> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Leases for Held {
    fn lease(&self, ttl: Duration) -> Answer<'_, Lease> {
        self.remote.lease(ttl)
    }

    fn keep_alive(&self, id: LeaseId) -> Answer<'_, Duration> {
        Box::pin(async move {
            let asked = Instant::now();
            let ends = *self.ends();
            // A server that is silent says nothing of the end either.
            let renewed = timeout_at(ends.into(), self.remote.keep_alive(id)).await;
            let renewed = renewed.unwrap_or_else(|_| {
                let why = "no answer before the lease's end";
                Err(Error::new(ErrorKind::Indeterminate, "keep_alive", why).with_backend("carml"))
            });
            match &renewed {
                Ok(ttl) => *self.ends() = asked + *ttl,
                Err(error) if error.kind == ErrorKind::LeaseLost => self.lost.cancel(),
                Err(_) if ends <= Instant::now() => self.lost.cancel(),
                Err(_) => {}
            }
            renewed
        })
    }

    fn revoke(&self, id: LeaseId) -> Answer<'_, ()> {
        Box::pin(async move {
            self.remote.revoke(id).await?;
            self.lost.cancel();
            Ok(())
        })
    }
}
