//! Leases, renewed by this process.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use carml_runtime::kv::{Error, ErrorKind, Lease, LeaseId, contract::*};
use tokio::time::timeout;

use super::{KvClient, calls::answer};
use crate::api;

impl Leases for KvClient {
    fn lease(&self, ttl: Duration) -> Answer<'_, Lease> {
        Box::pin(async move {
            let sent = Instant::now();
            let ttl_millis = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX);
            let request = api::LeaseGrantRequest { ttl_millis };
            let granted = answer("lease", self.client.clone().lease_grant(request).await)?;
            let (id, ttl) = (
                LeaseId(granted.lease),
                Duration::from_millis(granted.ttl_millis),
            );
            let lost = self.leases.add(id, ttl, sent).lost().clone();
            Ok(Lease::new(id, ttl, lost, Arc::new(self.clone())))
        })
    }

    fn keep_alive(&self, id: LeaseId) -> Answer<'_, Duration> {
        Box::pin(async move {
            let (known, sent) = (self.leases.get(id), Instant::now());
            let mut client = self.client.clone();
            let call = client.lease_keep_alive(api::LeaseKeepAliveRequest { lease: id.0 });
            let renewed = match &known {
                // A silent server must not use up the time of a short lease.
                Some(known) => timeout(known.ttl() / 4, call).await.map_err(|_| {
                    let why = "no answer in a quarter of the lease's time";
                    let late = Error::new(ErrorKind::Indeterminate, "keep_alive", why);
                    late.with_backend("carml")
                })?,
                None => call.await,
            };
            match (answer("keep_alive", renewed), known) {
                (Ok(renewed), known) => {
                    if let Some(known) = known {
                        known.renewed(sent);
                    }
                    Ok(Duration::from_millis(renewed.ttl_millis))
                }
                (Err(error), _) => {
                    if error.kind == ErrorKind::LeaseLost {
                        self.leases.ended(id);
                    }
                    Err(error)
                }
            }
        })
    }

    fn revoke(&self, id: LeaseId) -> Answer<'_, ()> {
        Box::pin(async move {
            let request = api::LeaseRevokeRequest { lease: id.0 };
            let revoked = answer("revoke", self.client.clone().lease_revoke(request).await);
            match &revoked {
                Err(error) if error.kind != ErrorKind::LeaseLost => {}
                _ => self.leases.ended(id),
            }
            revoked.map(drop)
        })
    }
}
