//! Elections.

use std::{fmt, pin::Pin, sync::Arc, time::Instant};

use bytes::Bytes;
use futures_core::Stream;

use crate::{Error, Guard, Key, answer::Answer};

/// The leader, as its followers see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leader {
    /// The fencing token: greater than that of every earlier leader.
    pub token: u64,
    /// The value that the leader published, such as its address.
    pub value: Bytes,
}

/// The current leader, then every later one; `None`: nobody leads. Of changes in quick succession
/// only the last is delivered. The stream ends when the store is closed.
pub type LeaderStream = Pin<Box<dyn Stream<Item = Result<Option<Leader>, Error>> + Send>>;

/// For backends: changes what a leader published. Every [`Election`](crate::contract::Election)
/// is one.
pub trait LeaderHandle: Send + Sync {
    /// Replaces the published value. `LockLost` if the token does not lead.
    fn publish<'a>(&'a self, key: &'a Key, token: u64, value: Bytes) -> Answer<'a, ()>;
}

/// A won election. Dropping it resigns.
///
/// ```
/// use carml_kv::{Error, Kv};
///
/// /// Leads until `work` ends or the leadership is lost.
/// async fn lead(kv: &Kv, work: impl Future<Output = ()>) -> Result<(), Error> {
///     let leadership = kv.campaign("leader".parse()?, "10.0.0.5:50051").await?;
///     tokio::select! {
///         () = work => {}
///         () = leadership.lost() => eprintln!("another process leads now"),
///     }
///     leadership.resign();
///     Ok(())
/// }
/// ```
pub struct Leadership {
    guard: Guard,
    election: Arc<dyn LeaderHandle>,
}

impl Leadership {
    /// For backends: leads until `guard` is dropped.
    pub fn new(guard: Guard, election: Arc<dyn LeaderHandle>) -> Self {
        Leadership { guard, election }
    }
    /// The key of the election.
    pub fn key(&self) -> &Key {
        self.guard.key()
    }
    /// The fencing token: greater than that of every earlier leader.
    pub fn token(&self) -> u64 {
        self.guard.token()
    }
    /// For [`Txn::require`](crate::Txn::require), which fences the leader's writes.
    pub fn guard(&self) -> &Guard {
        &self.guard
    }
    /// See [`Guard::valid_until`].
    pub fn valid_until(&self) -> Option<Instant> {
        self.guard.valid_until()
    }
    /// Resolves when the leadership is lost. Dropping the future has no effect.
    pub async fn lost(&self) {
        self.guard.lost().await;
    }
    /// Replaces the published value.
    ///
    /// # Errors
    ///
    /// `LockLost` if the leadership was lost.
    pub async fn proclaim(&self, value: impl Into<Bytes>) -> Result<(), Error> {
        let (key, token) = (self.guard.key(), self.guard.token());
        self.election.publish(key, token, value.into()).await
    }
    /// Resigns; the next candidate leads.
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
