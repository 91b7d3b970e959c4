//! One trait per call: a backend implements exactly what its row of the table says.
use std::{future::Future, pin::Pin, time::Duration};

use bytes::Bytes;

use super::*;

/// A boxed future.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
/// The answer of a call.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, Error>>;

macro_rules! calls {
    ($($(#[$doc:meta])* $call:ident $accessor:ident { $($(#[$fdoc:meta])* fn $name:ident($($arg:ident: $ty:ty),*) -> $out:ty;)+ })+) => {
        $($(#[$doc])* pub trait $call: Send + Sync {
            $($(#[$fdoc])* fn $name<'a>(&'a self, $($arg: $ty),*) -> Answer<'a, $out>;)+
        })+

        /// A backend behind the dynamic handle: gives out what it implements.
        pub trait Backend: Send + Sync + 'static {
            /// The provider's name, as in the config.
            fn provider(&self) -> &'static str;
            $(/// `None`: the backend lacks the call.
            fn $accessor(&self) -> Option<&dyn $call> { None })+
        }
    };
}

calls! {
    /// Writes a value.
    Put as_put {
        /// Writes; the answer is the new revision.
        fn put(key: Key, value: Bytes, lease: Option<LeaseId>) -> Revision;
    }
    /// Reads a value.
    Get as_get {
        /// Reads; a missing key is `None`.
        fn get(key: &'a Key, consistency: Consistency) -> Option<Entry>;
    }
    /// Removes a key.
    Delete as_delete {
        /// Whether it existed.
        fn delete(key: Key) -> bool;
    }
    /// Asks for a key.
    Exists as_exists {
        /// Whether it exists.
        fn exists(key: &'a Key, consistency: Consistency) -> bool;
    }
    /// Follows one key.
    Watch as_watch {
        /// Begins to watch.
        fn watch(key: Key, from: From) -> WatchStream;
    }
    /// Follows a directory.
    WatchTree as_watch_tree {
        /// Begins to watch; `None` is the whole namespace.
        fn watch_tree(dir: Option<Key>, from: From) -> WatchStream;
    }
    /// Mutual exclusion.
    Lock as_lock {
        /// Waits for the lock. Dropping the future gives up the place in the queue.
        fn acquire(key: Key) -> Guard;
        /// Takes the lock if it is free, else `Busy`.
        fn try_acquire(key: Key) -> Guard;
    }
    /// Reads a directory.
    List as_list {
        /// One page of the strict prefix `dir/`; `None` is the whole namespace.
        fn list(dir: Option<Key>, options: ListOptions) -> Page;
    }
    /// Removes a directory.
    DeleteTree as_delete_tree {
        /// How many keys under `dir/` were removed; `dir` itself stays.
        fn delete_tree(dir: Key) -> u64;
    }
    /// Compare and set.
    AtomicPut as_atomic_put {
        /// Writes if the revision is the expected one (`None`: if absent), else `Conflict`.
        fn atomic_put(key: Key, value: Bytes, expected: Option<Revision>, lease: Option<LeaseId>) -> Revision;
    }
    /// Compare and delete.
    AtomicDelete as_atomic_delete {
        /// Removes if the revision is the expected one, else `Conflict`.
        fn atomic_delete(key: Key, expected: Revision) -> ();
    }
    /// Keys that end with their holder.
    Leases as_lease {
        /// Grants a lease.
        fn lease(ttl: Duration) -> Lease;
        /// Renews a lease now; what was granted. `LeaseLost` if it has ended.
        fn keep_alive(id: LeaseId) -> Duration;
        /// Ends a lease and removes its keys. `LeaseLost` if it had ended.
        fn revoke(id: LeaseId) -> ();
    }
    /// Several operations as one.
    Transaction as_transaction {
        /// Applies all or nothing.
        fn commit(txn: Txn) -> Committed;
    }
    /// One leader among candidates.
    Election as_election {
        /// Waits to lead, then says `value`. Dropping the future gives up the place in the queue.
        fn campaign(key: Key, value: Bytes) -> Leadership;
        /// Says something else. `LockLost` if the token does not lead.
        fn proclaim(key: &'a Key, token: u64, value: Bytes) -> ();
        /// Follows who leads.
        fn observe(key: Key) -> LeaderStream;
    }
    /// Ends everything.
    Close as_close {
        /// Ends every stream, lock and lease. Later calls answer `Closed`; closing again is no error.
        fn close() -> ();
    }
}
