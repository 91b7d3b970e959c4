//! Reads and writes.
use bytes::Bytes;

use carml_kv::{
    Committed, Condition, Consistency, Entry, Error, ErrorKind, Key, LeaseId, ListOptions, Op,
    Page, Revision, Txn,
    contract::{
        Answer, AtomicDelete, AtomicPut, Delete, DeleteTree, Exists, Get, List, Put, Transaction,
        check_txn,
    },
};

use crate::{Redb, Write, error::writer_panicked};

impl Redb {
    async fn transact(&self, op: &'static str, txn: Txn) -> Result<Committed, Error> {
        check_txn("redb", op, &txn)?;
        self.write(op, Write::Txn(txn)).await
    }
}

fn one(op: Op) -> Txn {
    Txn {
        conditions: Vec::new(),
        ops: vec![op],
    }
}

impl Put for Redb {
    fn put(&self, key: Key, value: Bytes, lease: Option<LeaseId>) -> Answer<'_, Revision> {
        Box::pin(async move {
            let txn = one(Op::Put(key, value, lease));
            Ok(self.transact("put", txn).await?.revision)
        })
    }
}

// Reading one key is cheaper than moving to another thread unless it comes from the disk itself:
// docs/kv.md has the measurements.
impl Get for Redb {
    fn get<'a>(&'a self, key: &'a Key, _: Consistency) -> Answer<'a, Option<Entry>> {
        Box::pin(async move {
            let entry = self.shared.read("get", |r| r.entry(key));
            entry.map_err(|e| e.with_key(key.as_str()))
        })
    }
}

impl Exists for Redb {
    fn exists<'a>(&'a self, key: &'a Key, _: Consistency) -> Answer<'a, bool> {
        Box::pin(async move {
            let exists = self.shared.read("exists", |r| r.exists(key));
            exists.map_err(|e| e.with_key(key.as_str()))
        })
    }
}

impl Delete for Redb {
    fn delete(&self, key: Key) -> Answer<'_, bool> {
        Box::pin(async move {
            let done = self.transact("delete", one(Op::Delete(key))).await?;
            Ok(done.counts == [1])
        })
    }
}

impl DeleteTree for Redb {
    fn delete_tree(&self, dir: Key) -> Answer<'_, u64> {
        Box::pin(async move {
            let done = self
                .transact("delete_tree", one(Op::DeleteTree(dir)))
                .await?;
            Ok(done.counts.iter().sum())
        })
    }
}

impl AtomicPut for Redb {
    fn atomic_put(
        &self,
        key: Key,
        value: Bytes,
        expected: Option<Revision>,
        lease: Option<LeaseId>,
    ) -> Answer<'_, Revision> {
        Box::pin(async move {
            let txn = Txn {
                conditions: vec![Condition::Revision(key.clone(), expected)],
                ops: vec![Op::Put(key, value, lease)],
            };
            Ok(self.transact("atomic_put", txn).await?.revision)
        })
    }
}

impl AtomicDelete for Redb {
    fn atomic_delete(&self, key: Key, expected: Revision) -> Answer<'_, ()> {
        Box::pin(async move {
            let txn = Txn::new().expect(key.clone(), Some(expected)).delete(key);
            self.transact("atomic_delete", txn).await.map(drop)
        })
    }
}

impl Transaction for Redb {
    fn commit(&self, txn: Txn) -> Answer<'_, Committed> {
        Box::pin(async move { self.transact("transaction", txn).await })
    }
}

impl List for Redb {
    fn list(&self, dir: Option<Key>, options: ListOptions) -> Answer<'_, Page> {
        Box::pin(async move {
            if options.limit == 0 {
                let why = "`limit` must be at least 1";
                return Err(
                    Error::new(ErrorKind::InvalidArgument, "list", why).with_backend("redb")
                );
            }
            let shared = self.shared.clone();
            let read = move || {
                let prefix = dir.as_ref().map_or_else(String::new, Key::prefix);
                shared.read("list", |r| r.page(&prefix, &options))
            };
            let done = tokio::task::spawn_blocking(read).await;
            done.unwrap_or_else(|e| Err(writer_panicked("list").with_source(e)))
        })
    }
}
