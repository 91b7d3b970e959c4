//! The dynamic handle.
use std::{sync::Arc, time::Duration};

use bytes::Bytes;

use super::{contract::*, *};

/// A store, whichever backend the config named. Cheap to clone. Every operation but the waiting
/// ones (`acquire`, reading a watch) ends within the deadline (`registry.timeout`).
#[derive(Clone)]
pub struct Kv {
    backend: Arc<dyn Backend>,
    timeout: Duration,
}

impl std::fmt::Debug for Kv {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kv")
            .field("provider", &self.provider())
            .finish_non_exhaustive()
    }
}

macro_rules! call {
    ($self:ident, $accessor:ident, $name:literal) => {
        $self.backend.$accessor().ok_or_else(|| {
            Error::new(
                ErrorKind::Unsupported,
                $name,
                "the backend lacks this call; `carml backends` shows which has it",
            )
            .with_backend($self.provider())
        })?
    };
}

impl Kv {
    /// Opens the store that the config names.
    pub async fn open(config: &crate::config::Registry) -> Result<Kv, Error> {
        use crate::config::Provider;
        let missing = |provider: &'static str| {
            let message = format!(
                "this binary was built without the provider; enable the feature `{provider}` of carml-runtime"
            );
            Err(Error::new(ErrorKind::Unsupported, "open", message).with_backend(provider))
        };
        match config.provider {
            #[cfg(feature = "redb")]
            Provider::Redb => {
                let (path, bucket) = (config.path.clone(), config.bucket.clone());
                let store = tokio::task::spawn_blocking(move || redb::Redb::open(path, &bucket))
                    .await
                    .map_err(|e| {
                        Error::new(ErrorKind::Unavailable, "open", "the opening task ended")
                            .with_source(e)
                    })??;
                Ok(Kv::new(store, config.timeout.get()))
            }
            #[cfg(not(feature = "redb"))]
            Provider::Redb => missing("redb"),
            Provider::Etcd => missing("etcd"),
            Provider::Consul => missing("consul"),
            Provider::Zookeeper => missing("zookeeper"),
        }
    }

    /// A handle on a backend; `timeout` bounds each operation.
    pub fn new(backend: impl Backend, timeout: Duration) -> Kv {
        Kv {
            backend: Arc::new(backend),
            timeout,
        }
    }

    /// The provider's name, as in the config.
    pub fn provider(&self) -> &'static str {
        self.backend.provider()
    }

    async fn read<T>(&self, op: &'static str, call: Answer<'_, T>) -> Result<T, Error> {
        tokio::time::timeout(self.timeout, call)
            .await
            .unwrap_or_else(|_| Err(self.late(ErrorKind::Unavailable, op)))
    }

    async fn write<T>(&self, op: &'static str, call: Answer<'_, T>) -> Result<T, Error> {
        tokio::time::timeout(self.timeout, call)
            .await
            .unwrap_or_else(|_| Err(self.late(ErrorKind::Indeterminate, op)))
    }

    fn late(&self, kind: ErrorKind, op: &'static str) -> Error {
        Error::new(
            kind,
            op,
            format!("no answer within {:?} (registry.timeout)", self.timeout),
        )
        .with_backend(self.provider())
    }

    /// Writes a value; the new revision. Dropping the future does not undo a write that was sent.
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
    /// Reads a value with its revision; a missing key is `None`.
    pub async fn get(&self, key: &Key) -> Result<Option<Entry>, Error> {
        self.get_with(key, Consistency::default()).await
    }
    /// [`get`](Self::get), as fresh as is asked for.
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
    /// [`exists`](Self::exists), as fresh as is asked for.
    pub async fn exists_with(&self, key: &Key, consistency: Consistency) -> Result<bool, Error> {
        self.read(
            "exists",
            call!(self, as_exists, "exists").exists(key, consistency),
        )
        .await
    }
    /// Removes a key; whether it existed.
    pub async fn delete(&self, key: Key) -> Result<bool, Error> {
        self.write("delete", call!(self, as_delete, "delete").delete(key))
            .await
    }
    /// One page of what lies under `dir/`; `None` is the whole namespace.
    pub async fn list(&self, dir: Option<Key>, options: ListOptions) -> Result<Page, Error> {
        self.read("list", call!(self, as_list, "list").list(dir, options))
            .await
    }
    /// Removes all that lies under `dir/`; how many keys.
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
    pub async fn watch(&self, key: Key, from: From) -> Result<WatchStream, Error> {
        self.read("watch", call!(self, as_watch, "watch").watch(key, from))
            .await
    }
    /// Follows all that lies under `dir/`; `None` is the whole namespace.
    pub async fn watch_tree(&self, dir: Option<Key>, from: From) -> Result<WatchStream, Error> {
        self.read(
            "watch_tree",
            call!(self, as_watch_tree, "watch_tree").watch_tree(dir, from),
        )
        .await
    }
    /// Waits for the lock, without deadline. Dropping the future gives up the place in the queue.
    pub async fn acquire(&self, key: Key) -> Result<Guard, Error> {
        call!(self, as_lock, "lock").acquire(key).await
    }
    /// Takes the lock if it is free, else `Busy`.
    pub async fn try_acquire(&self, key: Key) -> Result<Guard, Error> {
        self.write("try_acquire", call!(self, as_lock, "lock").try_acquire(key))
            .await
    }
    /// Grants a lease.
    pub async fn lease(&self, ttl: Duration) -> Result<Lease, Error> {
        self.write("lease", call!(self, as_lease, "lease").lease(ttl))
            .await
    }
    /// Renews a lease by its name, for one that was [detached](Lease::detach); what was granted.
    /// `LeaseLost` if it has ended.
    pub async fn keep_alive(&self, id: LeaseId) -> Result<Duration, Error> {
        self.write("keep_alive", call!(self, as_lease, "lease").keep_alive(id))
            .await
    }
    /// Ends a lease by its name and removes its keys. `LeaseLost` if it had ended.
    pub async fn revoke(&self, id: LeaseId) -> Result<(), Error> {
        self.write("revoke", call!(self, as_lease, "lease").revoke(id))
            .await
    }
    /// Ends every stream, lock and lease of the store. Later calls answer `Closed`.
    pub async fn close(&self) -> Result<(), Error> {
        self.write("close", call!(self, as_close, "close").close())
            .await
    }
}
