//! Leases, and until when they are certainly valid by this client's clock.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use carml_kv::{Error, ErrorKind, Lease, LeaseId};
use etcd_client::LeaseGrantResponse;
use tokio_util::sync::CancellationToken;

use crate::{Etcd, PROVIDER, cluster::Call, txn::native_lease};

/// One granted lease.
pub(crate) struct Validity {
    ttl: Duration,
    until: Mutex<Instant>,
    pub(crate) lost: CancellationToken,
}

impl Validity {
    fn new(ttl: Duration, sent: Instant) -> Validity {
        Validity {
            ttl,
            until: Mutex::new(sent + margin(ttl)),
            lost: CancellationToken::new(),
        }
    }

    pub(crate) fn until(&self) -> Instant {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The server renewed it on a request that was sent at this time.
    fn renewed(&self, sent: Instant) {
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        *until = (*until).max(sent + margin(self.ttl));
    }

    /// Cancels `lost` when the time is over, without asking anybody.
    async fn expire(&self) {
        while !self.lost.is_cancelled() {
            let until = self.until();
            if until <= Instant::now() {
                self.lost.cancel();
            }
            tokio::select! {
                () = self.lost.cancelled() => {}
                () = tokio::time::sleep_until(until.into()) => {}
            }
        }
    }
}

/// The clocks of client and server may run at slightly different speeds.
fn margin(ttl: Duration) -> Duration {
    ttl - ttl / 10
}

#[derive(Default)]
pub(crate) struct Leases(Mutex<HashMap<u64, Arc<Validity>>>);

impl Leases {
    fn known(&self) -> MutexGuard<'_, HashMap<u64, Arc<Validity>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn get(&self, id: LeaseId) -> Option<Arc<Validity>> {
        self.known().get(&id.0).cloned()
    }

    fn ended(&self, id: LeaseId) {
        if let Some(validity) = self.known().remove(&id.0) {
            validity.lost.cancel();
        }
    }

    pub(crate) fn close(&self) {
        for (_, validity) in self.known().drain() {
            validity.lost.cancel();
        }
    }
}

impl Etcd {
    /// Grants a lease and follows its clock. It is not renewed yet.
    pub(crate) async fn grant(
        &self,
        call: &Call<'_>,
        ttl: Duration,
    ) -> Result<(LeaseId, Arc<Validity>), Error> {
        let seconds = i64::try_from(ttl.as_secs()).unwrap_or(i64::MAX);
        let seconds = seconds.saturating_add((ttl.subsec_nanos() > 0).into());
        let granted = self.shared.cluster.call(call, |client| async move {
            let sent = Instant::now();
            let granted = client.lease_client().grant(seconds, None).await?;
            Ok((sent, granted))
        });
        let (sent, granted): (Instant, LeaseGrantResponse) = granted.await?;
        let ttl = Duration::from_secs(granted.ttl().try_into().unwrap_or(0));
        let id = LeaseId(granted.id().cast_unsigned());
        let validity = Arc::new(Validity::new(ttl, sent));
        self.shared.leases.known().insert(id.0, validity.clone());
        if self.shared.closed().is_cancelled() {
            self.shared.leases.ended(id);
        }
        // A long lease does not keep a client that nobody uses.
        let (shared, followed) = (Arc::downgrade(&self.shared), validity.clone());
        tokio::spawn(async move {
            followed.expire().await;
            if let Some(shared) = shared.upgrade() {
                shared.leases.ended(id);
            }
        });
        Ok((id, validity))
    }

    /// A lease that is renewed until it is dropped.
    pub(crate) fn keep(&self, id: LeaseId, validity: &Validity) -> Lease {
        let lost = validity.lost.clone();
        Lease::new(id, validity.ttl, lost, Arc::new(self.clone()))
    }

    /// Renews a lease and returns its granted ttl.
    pub(crate) async fn renew(&self, id: LeaseId) -> Result<Duration, Error> {
        const OP: &str = "keep_alive";
        let (native, known) = (native_lease(OP, id)?, self.shared.leases.get(id));
        let mut call = Call::read(OP);
        if let Some(known) = &known {
            // A server that does not answer must not use up the time of a short lease.
            call = call.within((known.ttl / 4).min(self.shared.cluster.share()));
        }
        let renewed = self.shared.cluster.call(&call, |client| async move {
            let sent = Instant::now();
            client.lease_client().keep_alive(native).await?;
            Ok(sent)
        });
        match (renewed.await, known) {
            (Ok(sent), Some(known)) => {
                known.renewed(sent);
                Ok(known.ttl)
            }
            (Ok(_), None) => self.granted_ttl(&call, native).await,
            (Err(e), _) => {
                if e.kind == ErrorKind::LeaseLost {
                    self.shared.leases.ended(id);
                }
                Err(e)
            }
        }
    }

    async fn granted_ttl(&self, call: &Call<'_>, id: i64) -> Result<Duration, Error> {
        let asked = self.shared.cluster.call(call, |client| async move {
            client.lease_client().time_to_live(id, None).await
        });
        match u64::try_from(asked.await?.granted_ttl()) {
            Ok(ttl) if ttl > 0 => Ok(Duration::from_secs(ttl)),
            _ => {
                let why = "the lease has ended";
                Err(Error::new(ErrorKind::LeaseLost, "keep_alive", why).with_backend(PROVIDER))
            }
        }
    }

    pub(crate) async fn end_lease(&self, call: &Call<'_>, id: LeaseId) -> Result<(), Error> {
        let native = native_lease("revoke", id)?;
        let revoked = self.shared.cluster.call(call, |client| async move {
            client.lease_client().revoke(native).await
        });
        let revoked = revoked.await.map(drop);
        match &revoked {
            Err(e) if e.kind != ErrorKind::LeaseLost => {}
            _ => self.shared.leases.ended(id),
        }
        revoked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_lease_is_lost_by_the_clock_alone() {
        let start = Instant::now();
        let validity = Validity::new(Duration::from_millis(200), start);
        let renewal = start + Duration::from_millis(100);
        validity.renewed(renewal);
        validity.renewed(start);
        validity.expire().await;
        assert!(validity.lost.is_cancelled());
        let expected = renewal + Duration::from_millis(180);
        assert_eq!(
            validity.until(),
            expected,
            "90 % of the ttl after the last renewal"
        );
        assert!(Instant::now() >= expected);
    }
}
