//! Locks.
use std::{fmt, time::Instant};

use tokio_util::sync::{CancellationToken, DropGuard};

use crate::Key;

/// For backends: what a [`Guard`] holds. Dropping it gives the lock up.
pub trait Hold: Send + Sync {
    /// See [`Guard::valid_until`].
    fn valid_until(&self) -> Option<Instant> {
        None
    }
}

/// Gives up by cancelling; no clock ends it.
impl Hold for DropGuard {}

/// A held lock. Dropping it releases it.
pub struct Guard {
    key: Key,
    token: u64,
    lost: CancellationToken,
    hold: Box<dyn Hold>,
}

impl Guard {
    /// For backends: `lost` fires when the lock ends before `hold` is dropped.
    pub fn new(key: Key, token: u64, lost: CancellationToken, hold: Box<dyn Hold>) -> Self {
        Guard {
            key,
            token,
            lost,
            hold,
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
    /// Until when nobody else can hold the lock, even if the store cannot be reached; it moves on
    /// with every renewal. `None`: no clock ends it, because the lock and its holder are in one
    /// process (scope `process`): it is held until it is released or the store is closed.
    pub fn valid_until(&self) -> Option<Instant> {
        self.hold.valid_until()
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
