//! Reads and writes.

use bytes::Bytes;
use carml_kv::{
    Committed, Consistency, Entry, Error, ErrorKind, Key, LeaseId, ListOptions, Op, Page, Revision,
    Txn,
    client::Call,
    contract::{
        Answer, AtomicDelete, AtomicPut, Delete, DeleteTree, Exists, Get, List, Put, Transaction,
        check_value,
    },
};

use crate::{Consul, PROVIDER};

impl Consul {
    async fn write(
        &self,
        op: &'static str,
        key: &Key,
        value: Bytes,
        expected: Option<Option<Revision>>,
        lease: Option<LeaseId>,
    ) -> Result<Revision, Error> {
        check_value(PROVIDER, op, key, &value)?;
        if Consul::is_large(&value) && lease.is_none() {
            return self.put_large(op, key, value, expected).await;
        }
        let call = Call::write(op).on(key.as_str());
        let mut txn = Txn::new();
        if let Some(expected) = expected {
            txn = txn.expect(key.clone(), expected);
        }
        txn.ops.push(Op::Put(key.clone(), value, lease));
        Ok(self.transact(&call, &txn, true).await?.revision)
    }
}

impl Put for Consul {
    fn put(&self, key: Key, value: Bytes, lease: Option<LeaseId>) -> Answer<'_, Revision> {
        Box::pin(async move { self.write("put", &key, value, None, lease).await })
    }
}

impl Get for Consul {
    fn get<'a>(&'a self, key: &'a Key, consistency: Consistency) -> Answer<'a, Option<Entry>> {
        Box::pin(async move {
            let native = self.shared.namespace.native(key);
            let call = Call::read("get").on(key.as_str());
            let pair = self.pair(&call, &native, consistency).await?;
            Ok(pair.and_then(|pair| self.shared.namespace.entry(&pair)))
        })
    }
}

impl Exists for Consul {
    fn exists<'a>(&'a self, key: &'a Key, consistency: Consistency) -> Answer<'a, bool> {
        Box::pin(async move {
            let native = self.shared.namespace.native(key);
            let call = Call::read("exists").on(key.as_str());
            Ok(self.pair(&call, &native, consistency).await?.is_some())
        })
    }
}

impl Delete for Consul {
    fn delete(&self, key: Key) -> Answer<'_, bool> {
        Box::pin(async move {
            let call = Call::write("delete").on(key.as_str());
            let txn = Txn::new().delete(key.clone());
            Ok(self.transact(&call, &txn, false).await?.counts == [1])
        })
    }
}

impl DeleteTree for Consul {
    fn delete_tree(&self, dir: Key) -> Answer<'_, u64> {
        Box::pin(async move {
            let call = Call::write("delete_tree").on(dir.as_str());
            let txn = Txn::new().delete_tree(dir.clone());
            let done = self.transact(&call, &txn, false).await?;
            Ok(done.counts.into_iter().sum())
        })
    }
}

impl AtomicPut for Consul {
    fn atomic_put(
        &self,
        key: Key,
        value: Bytes,
        expected: Option<Revision>,
        lease: Option<LeaseId>,
    ) -> Answer<'_, Revision> {
        Box::pin(async move {
            self.write("atomic_put", &key, value, Some(expected), lease)
                .await
        })
    }
}

impl AtomicDelete for Consul {
    fn atomic_delete(&self, key: Key, expected: Revision) -> Answer<'_, ()> {
        Box::pin(async move {
            let call = Call::write("atomic_delete").on(key.as_str());
            let txn = Txn::new()
                .expect(key.clone(), Some(expected))
                .delete(key.clone());
            self.transact(&call, &txn, false).await.map(drop)
        })
    }
}

impl Transaction for Consul {
    fn commit(&self, txn: Txn) -> Answer<'_, Committed> {
        Box::pin(async move {
            let call = Call::write("transaction");
            self.transact(&call, &txn, true).await
        })
    }
}

impl List for Consul {
    /// Consul has no pages: each one is cut from the whole directory.
    fn list(&self, dir: Option<Key>, options: ListOptions) -> Answer<'_, Page> {
        Box::pin(async move {
            if options.limit == 0 {
                let why = "`limit` must be at least 1";
                return Err(
                    Error::new(ErrorKind::InvalidArgument, "list", why).with_backend(PROVIDER)
                );
            }
            let namespace = &self.shared.namespace;
            let scope = namespace.dir(dir.as_ref());
            let call = Call::read("list");
            let state = self.state(&call, &scope, options.consistency).await?;
            let entries = state
                .pairs
                .values()
                .filter_map(|pair| namespace.entry(pair));
            let after = options.after.as_ref();
            let mut entries = entries.filter(|entry| after.is_none_or(|after| entry.key > *after));
            let page: Vec<Entry> = entries.by_ref().take(options.limit).collect();
            let last = page.last().map(|entry| entry.key.clone());
            Ok(Page {
                next: last.filter(|_| entries.next().is_some()),
                entries: page,
                revision: Revision(state.revision),
            })
        })
    }
}
