//! Leases.

use std::{fmt, sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::{Error, LeaseId, answer::Answer};

/// For backends: renews and ends leases. Every [`Leases`](crate::contract::Leases) is one.
pub trait LeaseHandle: Send + Sync {
    /// Renews a lease and returns the granted ttl. `LeaseLost` if it has ended.
    fn renew(&self, id: LeaseId) -> Answer<'_, Duration>;

    /// Ends a lease and removes its keys. `LeaseLost` if it has ended already.
    fn end(&self, id: LeaseId) -> Answer<'_, ()>;
}

/// A granted lease, renewed in the background every third of its ttl until it is dropped, detached
/// or lost. Its keys are removed no earlier than one ttl after the last renewal.
///
/// ```
/// use std::time::Duration;
///
/// use carml_kv::{Error, Kv, Lease};
///
/// /// Lists this worker until it drops the lease, or ends.
/// async fn announce(kv: &Kv) -> Result<Lease, Error> {
///     let lease = kv.lease(Duration::from_secs(10)).await?;
///     kv.put("workers/a".parse()?, "ready", Some(lease.id())).await?;
///     Ok(lease)
/// }
/// ```
pub struct Lease {
    id: LeaseId,
    ttl: Duration,
    lost: CancellationToken,
    leases: Arc<dyn LeaseHandle>,
    renewer: tokio::task::JoinHandle<()>,
}

impl Lease {
    /// For backends: `lost` is cancelled when the lease ends. Starts the renewals; call it inside a
    /// tokio runtime.
    pub fn new(
        id: LeaseId,
        ttl: Duration,
        lost: CancellationToken,
        leases: Arc<dyn LeaseHandle>,
    ) -> Self {
        let (renewing, ended) = (leases.clone(), lost.clone());
        let renewer = tokio::spawn(async move {
            let mut pause = ttl / 3;
            loop {
                tokio::select! {
                    () = ended.cancelled() => return,
                    () = tokio::time::sleep(pause) => {
                        // A lost lease cancels `ended`; any other failure is retried soon.
                        let renewed = renewing.renew(id).await;
                        pause = if renewed.is_ok() { ttl / 3 } else { ttl / 12 };
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
    /// Its id, for [`Op::Put`](crate::Op::Put).
    pub fn id(&self) -> LeaseId {
        self.id
    }
    /// The granted ttl.
    pub fn ttl(&self) -> Duration {
        self.ttl
    }
    /// Resolves when the lease has ended. Dropping the future has no effect.
    pub async fn lost(&self) {
        self.lost.cancelled().await;
    }
    /// Renews now.
    pub async fn renew(&self) -> Result<(), Error> {
        self.leases.renew(self.id).await.map(drop)
    }
    /// Ends the lease and removes its keys.
    pub async fn revoke(self) -> Result<(), Error> {
        self.leases.end(self.id).await
    }
    /// Stops the renewals and returns the id: the lease ends one ttl after the last renewal, unless
    /// [`Kv::keep_alive`](crate::Kv::keep_alive) renews it.
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
