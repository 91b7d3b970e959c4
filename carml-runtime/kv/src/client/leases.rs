//! Until when leases are certainly valid, by this client's clock.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio_util::sync::CancellationToken;

use crate::LeaseId;

/// One granted lease.
#[derive(Debug)]
pub struct Validity {
    ttl: Duration,
    until: Mutex<Instant>,
    lost: CancellationToken,
}

impl Validity {
    /// Granted on a request that was sent at this time.
    pub fn new(ttl: Duration, sent: Instant) -> Validity {
        Validity {
            ttl,
            until: Mutex::new(sent + margin(ttl)),
            lost: CancellationToken::new(),
        }
    }

    /// The granted ttl.
    pub fn ttl(&self) -> Duration {
        self.ttl
    }

    /// Cancelled when the lease has ended.
    pub fn lost(&self) -> &CancellationToken {
        &self.lost
    }

    /// Until when it is valid for certain.
    pub fn until(&self) -> Instant {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The server renewed it on a request that was sent at this time.
    pub fn renewed(&self, sent: Instant) {
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

type Known = Mutex<HashMap<u64, Arc<Validity>>>;

/// The leases that this client was granted, until they end.
#[derive(Debug, Default)]
pub struct Leases(Arc<Known>);

impl Leases {
    /// Adds a lease and follows its clock. Call it inside a tokio runtime.
    pub fn add(&self, id: LeaseId, ttl: Duration, sent: Instant) -> Arc<Validity> {
        let validity = Arc::new(Validity::new(ttl, sent));
        known(&self.0).insert(id.0, validity.clone());
        // A long lease does not keep a client that nobody uses.
        let (all, followed) = (Arc::downgrade(&self.0), validity.clone());
        tokio::spawn(async move {
            followed.expire().await;
            if let Some(all) = all.upgrade() {
                known(&all).remove(&id.0);
            }
        });
        validity
    }

    /// `None`: it has ended, or another client was granted it.
    pub fn get(&self, id: LeaseId) -> Option<Arc<Validity>> {
        known(&self.0).get(&id.0).cloned()
    }

    /// The server says that it has ended.
    pub fn ended(&self, id: LeaseId) {
        if let Some(validity) = known(&self.0).remove(&id.0) {
            validity.lost.cancel();
        }
    }

    /// All are lost.
    pub fn close(&self) {
        for (_, validity) in known(&self.0).drain() {
            validity.lost.cancel();
        }
    }
}

fn known(leases: &Known) -> MutexGuard<'_, HashMap<u64, Arc<Validity>>> {
    leases.lock().unwrap_or_else(PoisonError::into_inner)
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
