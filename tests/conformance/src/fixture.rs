//! What the suite has to know of a backend.
use std::{future::Future, time::Duration};

use carml_runtime::kv::{
    Kv,
    capability::{Call, Provider, scope},
};

/// A store to try, which can be closed and opened again.
pub trait Fixture: Sized + Send + Sync + 'static {
    /// Whether a lock is given to whoever has waited longest.
    const FIFO: bool = true;
    /// How long it may take to join the queue of a lock.
    const JOINS_WITHIN: Duration = Duration::from_millis(20);
    /// How many writes each of several writers makes while others watch and resume.
    const WRITES: u64 = 150;
    /// The shortest lease.
    const MIN_TTL: Duration;
    /// Whether a watch delivers every change; otherwise changes in quick succession are delivered as
    /// one, and a watch that resumes begins with a snapshot.
    const FULL_HISTORY: bool = true;
    /// Whether a lease can be renewed by another client than the one that was granted it.
    const LEASES_OUTLIVE_CLIENTS: bool = true;
    /// More revisions than its history holds; `None`: not to be reached in a test.
    const HISTORY: Option<usize> = None;
    /// More changes than a watch that nobody reads holds; `None`: not to be reached in a test.
    const BACKLOG: Option<usize> = None;
    /// Whether what was written is there after a close.
    const PERSISTENT: bool = true;

    /// A new and empty store.
    fn fresh() -> impl Future<Output = Self> + Send;

    /// Opens it; after a close, once more.
    fn open(&self) -> impl Future<Output = Kv> + Send;

    /// Whether it has a call, by the table's column of its provider.
    fn offers(kv: &Kv, call: Call) -> bool {
        let provider = Provider::parse(kv.provider()).expect("a provider of the table");
        scope(provider, call).is_some()
    }

    /// How many watches and queues of locks and elections are open; `None`: it does not know.
    fn open_handles(&self) -> Option<usize> {
        None
    }
}
