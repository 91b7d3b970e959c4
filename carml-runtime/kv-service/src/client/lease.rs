//! Leases, renewed by this process.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use carml_runtime::kv::{Error, ErrorKind, Lease, LeaseId, contract::*};
use tokio::time::timeout_at;
use tokio_util::sync::CancellationToken;

use super::{KvClient, calls::answer};
use crate::api;

impl Leases for KvClient {
    fn lease(&self, ttl: Duration) -> Answer<'_, Lease> {
        let mut client = self.client.clone();
        Box::pin(async move {
            let asked = Instant::now();
            let ttl_millis = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX);
            let request = api::LeaseGrantRequest { ttl_millis };
            let granted = answer("lease", client.lease_grant(request).await)?;
            let ttl = Duration::from_millis(granted.ttl_millis);
            let lost = CancellationToken::new();
            let renewed = RenewedLease {
                kv: self.clone(),
                lost: lost.clone(),
                ends: Mutex::new(asked + ttl),
            };
            Ok(Lease::new(
                LeaseId(granted.lease),
                ttl,
                lost,
                Arc::new(renewed),
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

/// A lease that this process renews. It is lost when the store reports that, or could not be
/// reached for a whole ttl.
struct RenewedLease {
    kv: KvClient,
    lost: CancellationToken,
    ends: Mutex<Instant>,
}

impl RenewedLease {
    fn ends(&self) -> MutexGuard<'_, Instant> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Leases for RenewedLease {
    fn lease(&self, ttl: Duration) -> Answer<'_, Lease> {
        self.kv.lease(ttl)
    }

    fn keep_alive(&self, id: LeaseId) -> Answer<'_, Duration> {
        Box::pin(async move {
            let asked = Instant::now();
            let ends = *self.ends();
            // A silent server does not report the end either.
            let renewed = timeout_at(ends.into(), self.kv.keep_alive(id)).await;
            let renewed = renewed.unwrap_or_else(|_| {
                let why = "no answer before the end of the lease";
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
            self.kv.revoke(id).await?;
            self.lost.cancel();
            Ok(())
        })
    }
}
