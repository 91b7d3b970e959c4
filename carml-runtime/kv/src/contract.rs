//! The contract of backends: one trait per call. A backend implements the calls that its column of
//! the capability table lists, no more and no less; [`provide!`](crate::provide) checks that when
//! it compiles.
//!
//! A backend that has one call:
//!
//! ```
//! # use bytes::Bytes;
//! # use carml_kv::{Error, Key, LeaseId, Revision, WatchStart};
//! # use carml_kv::contract::{Answer, Put, Watch};
//! struct Shelf;
//!
//! impl Put for Shelf {
//!     fn put(&self, _: Key, _: Bytes, _: Option<LeaseId>) -> Answer<'_, Revision> {
//!         Box::pin(async { Ok(Revision(1)) })
//!     }
//! }
//!
//! async fn write(shelf: &Shelf, key: Key) -> Result<Revision, Error> {
//!     shelf.put(key, Bytes::new(), None).await
//! }
//! ```
//!
//! A call that it lacks does not compile:
//!
//! ```compile_fail
//! # use bytes::Bytes;
//! # use carml_kv::{Error, Key, LeaseId, Revision, WatchStart};
//! # use carml_kv::contract::{Answer, Put, Watch};
//! struct Shelf;
//!
//! impl Put for Shelf {
//!     fn put(&self, _: Key, _: Bytes, _: Option<LeaseId>) -> Answer<'_, Revision> {
//!         Box::pin(async { Ok(Revision(1)) })
//!     }
//! }
//!
//! async fn write(shelf: &Shelf, key: Key) -> Result<Revision, Error> {
//!     shelf.put(key, Bytes::new(), None).await
//! }
//!
//! async fn follow(shelf: &Shelf, key: Key) {
//!     let _ = shelf.watch(key, WatchStart::Now).await;
//! }
//! ```

use std::time::Duration;

use bytes::Bytes;

pub use crate::answer::{Answer, BoxFuture};
pub use crate::limits::{check_txn, check_value};
use crate::{
    Committed, Consistency, Entry, Guard, Key, LeaderHandle, LeaderStream, Leadership, Lease,
    LeaseHandle, LeaseId, ListOptions, Page, Revision, Txn, WatchStart, WatchStream,
};

macro_rules! calls {
    ($($(#[$doc:meta])* $call:ident $accessor:ident { $($(#[$fdoc:meta])* fn $name:ident($($arg:ident: $ty:ty),*) -> $out:ty;)+ })+) => {
        $($(#[$doc])* pub trait $call: Send + Sync {
            $($(#[$fdoc])* fn $name<'a>(&'a self, $($arg: $ty),*) -> Answer<'a, $out>;)+
        })+

        /// A backend behind a [`Kv`](crate::Kv): returns the calls that it implements.
        pub trait Backend: Send + Sync + 'static {
            /// The provider's name, as in the config.
            fn provider(&self) -> &'static str;
            $(/// `None`: the backend does not have the call.
            fn $accessor(&self) -> Option<&dyn $call> { None })+
        }
    };
}

calls! {
    /// Writes a value.
    Put as_put {
        /// Writes the value and returns the new revision.
        fn put(key: Key, value: Bytes, lease: Option<LeaseId>) -> Revision;
    }
    /// Reads a value.
    Get as_get {
        /// Reads the value; `None` if the key does not exist.
        fn get(key: &'a Key, consistency: Consistency) -> Option<Entry>;
    }
    /// Removes a key.
    Delete as_delete {
        /// Whether it existed.
        fn delete(key: Key) -> bool;
    }
    /// Checks for a key.
    Exists as_exists {
        /// Whether it exists.
        fn exists(key: &'a Key, consistency: Consistency) -> bool;
    }
    /// Follows one key.
    Watch as_watch {
        /// Starts the watch.
        fn watch(key: Key, from: WatchStart) -> WatchStream;
    }
    /// Follows a directory.
    WatchTree as_watch_tree {
        /// Starts the watch; `None` is the whole namespace.
        fn watch_tree(dir: Option<Key>, from: WatchStart) -> WatchStream;
    }
    /// Mutual exclusion.
    Lock as_lock {
        /// Waits for the lock. Dropping the future leaves the queue.
        fn acquire(key: Key) -> Guard;
        /// Acquires the lock if it is free, else `Busy`.
        fn try_acquire(key: Key) -> Guard;
    }
    /// Reads a directory.
    List as_list {
        /// One page of the strict prefix `dir/`; `None` is the whole namespace.
        fn list(dir: Option<Key>, options: ListOptions) -> Page;
    }
    /// Removes a directory.
    DeleteTree as_delete_tree {
        /// Removes the keys under `dir/`, not `dir` itself, and returns their number.
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
    /// Keys that are removed when their holder is gone.
    Leases as_lease {
        /// Grants a lease.
        fn lease(ttl: Duration) -> Lease;
        /// Renews a lease now and returns the granted ttl. `LeaseLost` if it has ended.
        fn keep_alive(id: LeaseId) -> Duration;
        /// Ends a lease and removes its keys. `LeaseLost` if it has ended already.
        fn revoke(id: LeaseId) -> ();
    }
    /// Several changes as one.
    Transaction as_transaction {
        /// Applies all or nothing.
        fn commit(txn: Txn) -> Committed;
    }
    /// One leader among candidates.
    Election as_election {
        /// Waits for leadership, then publishes `value`. Dropping the future leaves the queue.
        fn campaign(key: Key, value: Bytes) -> Leadership;
        /// Replaces the published value. `LockLost` if the token does not lead.
        fn proclaim(key: &'a Key, token: u64, value: Bytes) -> ();
        /// Follows the leader.
        fn observe(key: Key) -> LeaderStream;
    }
    /// Closes the store.
    Close as_close {
        /// Ends every stream, lock and lease. Later calls fail with `Closed`; closing again
        /// succeeds.
        fn close() -> ();
    }
}

impl<T: Leases + ?Sized> LeaseHandle for T {
    fn renew(&self, id: LeaseId) -> Answer<'_, Duration> {
        self.keep_alive(id)
    }

    fn end(&self, id: LeaseId) -> Answer<'_, ()> {
        self.revoke(id)
    }
}

impl<T: Election + ?Sized> LeaderHandle for T {
    fn publish<'a>(&'a self, key: &'a Key, token: u64, value: Bytes) -> Answer<'a, ()> {
        self.proclaim(key, token, value)
    }
}
