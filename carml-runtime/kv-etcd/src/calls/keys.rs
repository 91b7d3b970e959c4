//! Reads and writes.

use bytes::Bytes;
use carml_kv::{
    Committed, Condition, Consistency, Entry, Error, ErrorKind, Key, LeaseId, ListOptions, Op,
    Page, Revision, Txn,
    client::Call,
    contract::{
        Answer, AtomicDelete, AtomicPut, Delete, DeleteTree, Exists, Get, List, Put, Transaction,
        check_txn, check_value,
    },
};
use etcd_client::{DeleteOptions, GetOptions};

use crate::{
    Etcd, PROVIDER,
    txn::{committed, put_options, request, revision},
};

fn options(consistency: Consistency) -> GetOptions {
    match consistency {
        Consistency::Linearizable => GetOptions::new(),
        Consistency::Stale => GetOptions::new().with_serializable(),
    }
}

impl Etcd {
    async fn transact(
        &self,
        op: &'static str,
        call: &Call<'_>,
        txn: Txn,
    ) -> Result<Committed, Error> {
        check_txn(PROVIDER, op, &txn)?;
        self.shared.released.check(PROVIDER, op, &txn)?;
        let request = request(op, &self.shared.namespace, &txn)?;
        let answer = self.shared.cluster.call(call, |client| {
            let request = request.clone();
            async move { client.kv_client().txn(request).await }
        });
        committed(op, &txn, answer.await?.0)
    }
}

impl Put for Etcd {
    fn put(&self, key: Key, value: Bytes, lease: Option<LeaseId>) -> Answer<'_, Revision> {
        Box::pin(async move {
            check_value(PROVIDER, "put", &key, &value)?;
            let options = put_options("put", lease).map_err(|e| e.with_key(key.as_str()))?;
            let native = self.shared.namespace.native(&key);
            let call = Call::write("put").on(key.as_str());
            let put = self.shared.cluster.call(&call, |client| {
                let (native, value, options) = (native.clone(), value.clone(), options.clone());
                async move { client.kv_client().put(native, value, Some(options)).await }
            });
            let header = put.await?.take_header();
            Ok(revision(header.map_or(0, |header| header.revision())))
        })
    }
}

impl Get for Etcd {
    fn get<'a>(&'a self, key: &'a Key, consistency: Consistency) -> Answer<'a, Option<Entry>> {
        Box::pin(async move {
            let native = self.shared.namespace.native(key);
            let call = Call::read("get").on(key.as_str());
            let read = self.shared.cluster.call(&call, |client| {
                let native = native.clone();
                async move {
                    client
                        .kv_client()
                        .get(native, Some(options(consistency)))
                        .await
                }
            });
            let kv = read.await?.0.kvs.pop();
            Ok(kv.and_then(|kv| self.shared.namespace.entry(kv)))
        })
    }
}

impl Exists for Etcd {
    fn exists<'a>(&'a self, key: &'a Key, consistency: Consistency) -> Answer<'a, bool> {
        Box::pin(async move {
            let native = self.shared.namespace.native(key);
            let call = Call::read("exists").on(key.as_str());
            let count = self.shared.cluster.call(&call, |client| {
                let (native, options) = (native.clone(), options(consistency).with_count_only());
                async move { client.kv_client().get(native, Some(options)).await }
            });
            Ok(count.await?.count() > 0)
        })
    }
}

impl Delete for Etcd {
    fn delete(&self, key: Key) -> Answer<'_, bool> {
        Box::pin(async move {
            let native = self.shared.namespace.native(&key);
            let call = Call::write("delete").on(key.as_str());
            let deleted = self.shared.cluster.call(&call, |client| {
                let native = native.clone();
                async move { client.kv_client().delete(native, None).await }
            });
            Ok(deleted.await?.deleted() > 0)
        })
    }
}

impl DeleteTree for Etcd {
    fn delete_tree(&self, dir: Key) -> Answer<'_, u64> {
        Box::pin(async move {
            let range = self.shared.namespace.below(&dir);
            let call = Call::write("delete_tree").on(dir.as_str());
            let deleted = self.shared.cluster.call(&call, |client| {
                let options = DeleteOptions::new().with_range(range.end.clone());
                let start = range.key.clone();
                async move { client.kv_client().delete(start, Some(options)).await }
            });
            Ok(deleted.await?.deleted().cast_unsigned())
        })
    }
}

impl AtomicPut for Etcd {
    fn atomic_put(
        &self,
        key: Key,
        value: Bytes,
        expected: Option<Revision>,
        lease: Option<LeaseId>,
    ) -> Answer<'_, Revision> {
        Box::pin(async move {
            let call = Call::write("atomic_put").on(key.as_str());
            let txn = Txn {
                conditions: vec![Condition::Revision(key.clone(), expected)],
                ops: vec![Op::Put(key.clone(), value, lease)],
            };
            Ok(self.transact("atomic_put", &call, txn).await?.revision)
        })
    }
}

impl AtomicDelete for Etcd {
    fn atomic_delete(&self, key: Key, expected: Revision) -> Answer<'_, ()> {
        Box::pin(async move {
            let call = Call::write("atomic_delete").on(key.as_str());
            let txn = Txn::new()
                .expect(key.clone(), Some(expected))
                .delete(key.clone());
            self.transact("atomic_delete", &call, txn).await.map(drop)
        })
    }
}

impl Transaction for Etcd {
    fn commit(&self, txn: Txn) -> Answer<'_, Committed> {
        Box::pin(async move {
            let call = Call::write("transaction");
            self.transact("transaction", &call, txn).await
        })
    }
}

impl List for Etcd {
    fn list(&self, dir: Option<Key>, options: ListOptions) -> Answer<'_, Page> {
        Box::pin(async move {
            if options.limit == 0 {
                let why = "`limit` must be at least 1";
                return Err(
                    Error::new(ErrorKind::InvalidArgument, "list", why).with_backend(PROVIDER)
                );
            }
            let namespace = &self.shared.namespace;
            let mut scope = namespace.dir(dir.as_ref());
            if let Some(after) = &options.after {
                scope = scope.after(&namespace.native(after));
            }
            let stale = options.consistency == Consistency::Stale;
            // One more than asked for: is there a next page?
            let limit = options.limit.saturating_add(1);
            let (kvs, at) = self
                .scan(&Call::read("list"), &scope, Some(limit), stale)
                .await?;
            let more = kvs.len() > options.limit;
            let entries = kvs.into_iter().take(options.limit);
            let entries: Vec<Entry> = entries.filter_map(|kv| namespace.entry(kv)).collect();
            let last = entries.last().map(|entry| entry.key.clone());
            Ok(Page {
                next: last.filter(|_| more),
                entries,
                revision: revision(at),
            })
        })
    }
}
