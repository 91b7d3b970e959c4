//! Elections.
use std::{fmt, pin::Pin, sync::Arc, time::Instant};

use bytes::Bytes;
use futures_core::Stream;

use super::Guard;
use crate::{Error, Key, contract::Election};

/// Who leads, as its followers see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leader {
    /// The fencing token: greater than that of every earlier leader.
    pub token: u64,
    /// What the leader says: where it is to be found, for instance.
    pub value: Bytes,
}

/// Who leads now, then whoever comes after; `None`: nobody. Of quick changes only the last is told.
/// It ends when the store is closed.
pub type LeaderStream = Pin<Box<dyn Stream<Item = Result<Option<Leader>, Error>> + Send>>;

/// A won election. Dropping it resigns.
pub struct Leadership {
    guard: Guard,
    election: Arc<dyn Election>,
}

impl Leadership {
    /// For backends: `guard` leads until it is dropped.
    pub fn new(guard: Guard, election: Arc<dyn Election>) -> Self {
        Leadership { guard, election }
    }
    /// The election.
    pub fn key(&self) -> &Key {
        self.guard.key()
    }
    /// The fencing token: greater than that of every earlier leader.
    pub fn token(&self) -> u64 {
        self.guard.token()
    }
    /// For [`Txn::require`](crate::Txn::require): fences the leader's writes.
    pub fn guard(&self) -> &Guard {
        &self.guard
    }
    /// As [`Guard::valid_until`].
    pub fn valid_until(&self) -> Option<Instant> {
        self.guard.valid_until()
    }
    /// Resolves when this one leads no longer. Dropping the future has no effect.
    pub async fn lost(&self) {
        self.guard.lost().await;
    }
    /// Says something else. `LockLost` if this one leads no longer.
    pub async fn proclaim(&self, value: impl Into<Bytes>) -> Result<(), Error> {
        let (key, token) = (self.guard.key(), self.guard.token());
        self.election.proclaim(key, token, value.into()).await
    }
    /// Gives the leadership up; the next candidate leads.
    pub fn resign(self) {}
}

impl fmt::Debug for Leadership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leadership")
            .field("key", self.guard.key())
            .field("token", &self.guard.token())
            .finish_non_exhaustive()
    }
}
