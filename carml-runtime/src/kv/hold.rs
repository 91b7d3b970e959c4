//! What a caller holds: locks, leases, leadership.
use std::{fmt, time::Duration};

use tokio_util::sync::CancellationToken;

use super::{BoxFuture, Error, Key, LeaseId};

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

/// What a backend does for the holder of a lease.
pub trait LeaseControl: Send + Sync {
    /// Renews now.
    fn renew(&self) -> BoxFuture<'_, Result<(), Error>>;
    /// Ends the lease and removes its keys.
    fn revoke(&self) -> BoxFuture<'_, Result<(), Error>>;
}

/// A granted lease, renewed in the background every third of its ttl until dropped; its keys end
/// not before a ttl after the last renewal.
pub struct Lease {
    id: LeaseId,
    ttl: Duration,
    lost: CancellationToken,
    control: std::sync::Arc<dyn LeaseControl>,
    renewer: tokio::task::JoinHandle<()>,
}

impl Lease {
    /// For backends. Starts the renewals; call it inside a tokio runtime.
    pub fn new(
        id: LeaseId,
        ttl: Duration,
        lost: CancellationToken,
        control: std::sync::Arc<dyn LeaseControl>,
    ) -> Self {
        let (handle, over) = (control.clone(), lost.clone());
        let renewer = tokio::spawn(async move {
            loop {
                tokio::select! {
                    () = over.cancelled() => return,
                    () = tokio::time::sleep(ttl / 3) => {
                        // A lost lease cancels `over`; any other failure is tried again next time.
                        let _ = handle.renew().await;
                    }
                }
            }
        });
        Lease {
            id,
            ttl,
            lost,
            control,
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
    /// Resolves when the lease has ended.
    pub async fn lost(&self) {
        self.lost.cancelled().await;
    }
    /// Renews now.
    pub async fn renew(&self) -> Result<(), Error> {
        self.control.renew().await
    }
    /// Ends the lease and removes its keys.
    pub async fn revoke(self) -> Result<(), Error> {
        self.control.revoke().await
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
