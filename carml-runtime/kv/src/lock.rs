//! Locks.

use std::{fmt, time::Instant};

use tokio_util::sync::{CancellationToken, DropGuard};

use crate::Key;

/// For backends: the resource behind a [`Guard`]. Dropping it releases the lock.
pub trait LockHandle: Send + Sync {
    /// See [`Guard::valid_until`].
    fn valid_until(&self) -> Option<Instant> {
        None
    }
}

/// Releases by cancelling; the lock does not expire.
impl LockHandle for DropGuard {}

/// A held lock. Dropping it releases it.
///
/// ```
/// use carml_kv::{Error, Kv, Txn};
///
/// async fn nightly(kv: &Kv) -> Result<(), Error> {
///     let guard = kv.acquire("jobs/nightly".parse()?).await?;
///     tokio::select! {
///         // Another holder may have the lock from here on: stop.
///         () = guard.lost() => {}
///         () = work() => {
///             // Refused with `LockLost` if the lock was lost in the meantime.
///             let done = Txn::new().require(&guard).put("jobs/done".parse()?, "1");
///             kv.commit(done).await?;
///         }
///     }
///     Ok(())
/// }
/// # async fn work() {}
/// ```
pub struct Guard {
    key: Key,
    token: u64,
    lost: CancellationToken,
    handle: Box<dyn LockHandle>,
}

impl Guard {
    /// For backends: `lost` is cancelled when the lock ends before `handle` is dropped.
    pub fn new(key: Key, token: u64, lost: CancellationToken, handle: Box<dyn LockHandle>) -> Self {
        Guard {
            key,
            token,
            lost,
            handle,
        }
    }

    /// The locked key. Locking never writes it.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// The fencing token: greater than that of every earlier holder.
    pub fn token(&self) -> u64 {
        self.token
    }

    /// The time until which nobody else can hold the lock, even if the store cannot be reached;
    /// each renewal extends it. `None`: the lock does not expire, because it and its holder are in
    /// one process (scope `process`): it is held until it is released or the store is closed.
    pub fn valid_until(&self) -> Option<Instant> {
        self.handle.valid_until()
    }

    /// Resolves when the lock is no longer held. Dropping the future has no effect.
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
