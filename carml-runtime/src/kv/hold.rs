//! What a caller holds: locks, leases, leadership.
use std::{fmt, sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use super::{Error, Key, LeaseId, contract::Leases};

/// A held lock. Dropping it releases it.
pub struct Guard {
    key: Key,
    token: u64,
    lost: CancellationToken,
    _hold: Box<dyn Send + Sync>,
}

impl Guard {
    /// For backends: `hold` releases the lock when dropped, `lost` fires when it ends before that.
    pub fn new(key: Key, token: u64, lost: CancellationToken, hold: Box<dyn Send + Sync>) -> Self {
        Guard {
            key,
            token,
            lost,
            _hold: hold,
        }
    }
    /// The key that was locked. Locking never writes it.
    pub fn key(&self) -> &Key {
        &self.key
    }
    /// The fencing token: greater than that of every earlier holder.
    pub fn token(&self) -> u64 {
        self.token
    }
    /// When the lock ends unless it is renewed; `None`: with the process (scope `process`).
    pub fn valid_until(&self) -> Option<std::time::Instant> {
        None
    }
    /// Resolves when the lock is held no longer. Dropping the future has no effect.
    pub async fn lost(&self) {
        self.lost.cancelled().await;
    }
    /// Releases the lock.
    pub fn release(self) {}
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard")
            .field("key", &self.key)
            .field("token", &self.token)
            .finish_non_exhaustive()
    }
}

/// A granted lease, renewed in the background every third of its ttl until dropped, detached or
/// lost; its keys end not before a ttl after the last renewal.
pub struct Lease {
    id: LeaseId,
    ttl: Duration,
    lost: CancellationToken,
    leases: Arc<dyn Leases>,
    renewer: tokio::task::JoinHandle<()>,
}

impl Lease {
    /// For backends: `lost` fires when the lease ends. Starts the renewals; call it inside a
    /// tokio runtime.
    pub fn new(
        id: LeaseId,
        ttl: Duration,
        lost: CancellationToken,
        leases: Arc<dyn Leases>,
    ) -> Self {
        let (renewing, over) = (leases.clone(), lost.clone());
        let renewer = tokio::spawn(async move {
            loop {
                tokio::select! {
                    () = over.cancelled() => return,
                    () = tokio::time::sleep(ttl / 3) => {
                        // A lost lease cancels `over`; any other failure is tried again next time.
                        let _ = renewing.keep_alive(id).await;
                    }
                }
            }
        });
        Lease {
            id,
            ttl,
            lost,
            leases,
            renewer,
        }
    }
    /// Its name, for [`Op::Put`](super::Op::Put).
    pub fn id(&self) -> LeaseId {
        self.id
    }
    /// What was granted.
    pub fn ttl(&self) -> Duration {
        self.ttl
    }
    /// Resolves when the lease has ended. Dropping the future has no effect.
    pub async fn lost(&self) {
        self.lost.cancelled().await;
    }
    /// Renews now.
    pub async fn renew(&self) -> Result<(), Error> {
        self.leases.keep_alive(self.id).await.map(drop)
    }
    /// Ends the lease and removes its keys.
    pub async fn revoke(self) -> Result<(), Error> {
        self.leases.revoke(self.id).await
    }
    /// Stops the renewals and hands out the name: the lease lives for its ttl from the last
    /// renewal, unless [`Kv::keep_alive`](super::Kv::keep_alive) renews it.
    pub fn detach(self) -> LeaseId {
        self.id
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.renewer.abort();
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease")
            .field("id", &self.id)
            .field("ttl", &self.ttl)
            .finish_non_exhaustive()
    }
}
