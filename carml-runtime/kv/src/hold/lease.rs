//! Leases.
use std::{fmt, sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::{Error, LeaseId, contract::Leases};

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
    /// Its name, for [`Op::Put`](crate::Op::Put).
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
    /// renewal, unless [`Kv::keep_alive`](crate::Kv::keep_alive) renews it.
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
