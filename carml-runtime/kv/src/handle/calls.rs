//! The calls of the handle, each within the deadline.

use std::time::Duration;

use bytes::Bytes;

use super::Kv;
use crate::{
    Committed, Consistency, Entry, Error, ErrorKind, Guard, Key, LeaderStream, Leadership, Lease,
    LeaseId, ListOptions, Page, Revision, Txn, WatchStart, WatchStream,
};

macro_rules! call {
    ($self:ident, $accessor:ident, $name:literal) => {
        $self.backend.$accessor().ok_or_else(|| {
            Error::new(
                ErrorKind::Unsupported,
                $name,
                "the backend does not have this call; `carml backends` shows which do",
            )
            .with_backend($self.provider())
        })?
    };
}

impl Kv {
    /// Writes a value and returns the new revision. Dropping the future does not undo a write that
    /// was sent.
    pub async fn put(
        &self,
        key: Key,
        value: impl Into<Bytes>,
        lease: Option<LeaseId>,
    ) -> Result<Revision, Error> {
        self.write(
            "put",
            call!(self, as_put, "put").put(key, value.into(), lease),
        )
        .await
    }

    /// Reads a value with its revision; `None` if the key does not exist.
    pub async fn get(&self, key: &Key) -> Result<Option<Entry>, Error> {
        self.get_with(key, Consistency::default()).await
    }

    /// [`get`](Self::get) with a choice of consistency.
    pub async fn get_with(
        &self,
        key: &Key,
        consistency: Consistency,
    ) -> Result<Option<Entry>, Error> {
        self.read("get", call!(self, as_get, "get").get(key, consistency))
            .await
    }

    /// Whether the key exists.
    pub async fn exists(&self, key: &Key) -> Result<bool, Error> {
        self.exists_with(key, Consistency::default()).await
    }

    /// [`exists`](Self::exists) with a choice of consistency.
    pub async fn exists_with(&self, key: &Key, consistency: Consistency) -> Result<bool, Error> {
        self.read(
            "exists",
            call!(self, as_exists, "exists").exists(key, consistency),
        )
        .await
    }

    /// Removes a key; returns whether it existed.
    pub async fn delete(&self, key: Key) -> Result<bool, Error> {
        self.write("delete", call!(self, as_delete, "delete").delete(key))
            .await
    }

    /// Reads one page of the keys under `dir/`; `None` is the whole namespace.
    pub async fn list(&self, dir: Option<Key>, options: ListOptions) -> Result<Page, Error> {
        self.read("list", call!(self, as_list, "list").list(dir, options))
            .await
    }

    /// Removes the keys under `dir/` and returns their number.
    pub async fn delete_tree(&self, dir: Key) -> Result<u64, Error> {
        self.write(
            "delete_tree",
            call!(self, as_delete_tree, "delete_tree").delete_tree(dir),
        )
        .await
    }

    /// Writes if the revision is the expected one (`None`: if absent), else `Conflict`.
    pub async fn atomic_put(
        &self,
        key: Key,
        value: impl Into<Bytes>,
        expected: Option<Revision>,
        lease: Option<LeaseId>,
    ) -> Result<Revision, Error> {
        self.write(
            "atomic_put",
            call!(self, as_atomic_put, "atomic_put").atomic_put(key, value.into(), expected, lease),
        )
        .await
    }

    /// Removes if the revision is the expected one, else `Conflict`.
    pub async fn atomic_delete(&self, key: Key, expected: Revision) -> Result<(), Error> {
        self.write(
            "atomic_delete",
            call!(self, as_atomic_delete, "atomic_delete").atomic_delete(key, expected),
        )
        .await
    }

    /// Applies a transaction.
    pub async fn commit(&self, txn: Txn) -> Result<Committed, Error> {
        self.write(
            "commit",
            call!(self, as_transaction, "transaction").commit(txn),
        )
        .await
    }

    /// Follows one key.
    pub async fn watch(&self, key: Key, from: WatchStart) -> Result<WatchStream, Error> {
        self.read("watch", call!(self, as_watch, "watch").watch(key, from))
            .await
    }

    /// Follows all keys under `dir/`; `None` is the whole namespace.
    pub async fn watch_tree(
        &self,
        dir: Option<Key>,
        from: WatchStart,
    ) -> Result<WatchStream, Error> {
        self.read(
            "watch_tree",
            call!(self, as_watch_tree, "watch_tree").watch_tree(dir, from),
        )
        .await
    }

    /// Waits for the lock, without a deadline. Dropping the future leaves the queue.
    pub async fn acquire(&self, key: Key) -> Result<Guard, Error> {
        call!(self, as_lock, "lock").acquire(key).await
    }

    /// Acquires the lock if it is free, else `Busy`.
    pub async fn try_acquire(&self, key: Key) -> Result<Guard, Error> {
        self.write("try_acquire", call!(self, as_lock, "lock").try_acquire(key))
            .await
    }

    /// Waits for leadership, without a deadline, then publishes `value` to observers. Dropping the
    /// future leaves the queue.
    pub async fn campaign(&self, key: Key, value: impl Into<Bytes>) -> Result<Leadership, Error> {
        let election = call!(self, as_election, "election");
        election.campaign(key, value.into()).await
    }

    /// Replaces what the leader with this token published: [`Leadership::proclaim`] for a process
    /// that only knows the token. `LockLost` if the token does not lead.
    pub async fn proclaim(
        &self,
        key: &Key,
        token: u64,
        value: impl Into<Bytes>,
    ) -> Result<(), Error> {
        let election = call!(self, as_election, "election");
        self.write("proclaim", election.proclaim(key, token, value.into()))
            .await
    }

    /// Follows the leader.
    pub async fn observe(&self, key: Key) -> Result<LeaderStream, Error> {
        self.read("observe", call!(self, as_election, "election").observe(key))
            .await
    }

    /// Grants a lease of at least this ttl; [`Lease::ttl`] is what was granted.
    pub async fn lease(&self, ttl: Duration) -> Result<Lease, Error> {
        self.write("lease", call!(self, as_lease, "lease").lease(ttl))
            .await
    }

    /// Renews a [detached](Lease::detach) lease and returns the granted ttl. `LeaseLost` if it has
    /// ended.
    pub async fn keep_alive(&self, id: LeaseId) -> Result<Duration, Error> {
        self.write("keep_alive", call!(self, as_lease, "lease").keep_alive(id))
            .await
    }

    /// Ends a lease and removes its keys. `LeaseLost` if it has ended already.
    pub async fn revoke(&self, id: LeaseId) -> Result<(), Error> {
        self.write("revoke", call!(self, as_lease, "lease").revoke(id))
            .await
    }

    /// Ends every stream, lock and lease of the store. Later calls fail with `Closed`;
    /// closing again succeeds.
    pub async fn close(&self) -> Result<(), Error> {
        self.write("close", call!(self, as_close, "close").close())
            .await
    }
}
