//! Reads and writes.

use bytes::Bytes;
use carml_kv::{
    Committed, Condition, Consistency, Entry, Error, Key, LeaseId, Op, Revision, Txn,
    client::Call,
    contract::{
        Answer, AtomicDelete, AtomicPut, Delete, DeleteTree, Exists, Get, Put, Transaction,
    },
};

use crate::{
    Zookeeper,
    nodes::{Node, node, tree},
    session::failure,
    txn::{check_put, removal},
};

/// About how many bytes of a request remove one key, besides its path.
const REMOVAL: usize = 512;
/// A directory is removed in pieces of this size.
const PIECE: usize = 800_000;

impl Zookeeper {
    async fn read(
        &self,
        op: &'static str,
        key: &Key,
        consistency: Consistency,
    ) -> Result<Option<Node>, Error> {
        let path = self.ensemble().namespace.native(key);
        let call = Call::read(op).on(key.as_str());
        let path = &path;
        self.run(&call, |session| async move {
            let client = &session.client;
            let read = match consistency {
                Consistency::Stale => node(client, path).await,
                // Both are sent at once: the answer is not older than the call.
                Consistency::Linearizable => {
                    let (synced, read) = (client.sync(path), node(client, path));
                    futures_util::try_join!(synced, read).map(|((), read)| read)
                }
            };
            read.map_err(failure)
        })
        .await
    }

    /// The keys below a directory, those with the longest paths last.
    async fn keys_below(&self, dir: &Key) -> Result<Vec<Key>, Error> {
        let ensemble = self.ensemble();
        let (namespace, path) = (&ensemble.namespace, ensemble.namespace.native(dir));
        let path = &path;
        let call = Call::read("delete_tree").on(dir.as_str());
        let found = self.run(&call, |session| async move {
            session.client.sync(path).await.map_err(failure)?;
            let found = tree(&session.client, namespace, path).await;
            found.map_err(failure)
        });
        let found = found
            .await?
            .into_iter()
            .filter(|(one, node)| one != path && node.has_value());
        Ok(found.filter_map(|(path, _)| namespace.key(&path)).collect())
    }
}

impl Put for Zookeeper {
    fn put(&self, key: Key, value: Bytes, lease: Option<LeaseId>) -> Answer<'_, Revision> {
        Box::pin(async move {
            check_put("put", &key, &value)?;
            if lease.is_none()
                && let Some(revision) = self.overwrite(&key, &value).await?
            {
                return Ok(revision);
            }
            let txn = Txn {
                conditions: Vec::new(),
                ops: vec![Op::Put(key.clone(), value, lease)],
            };
            Ok(self.transact("put", Some(&key), &txn).await?.revision)
        })
    }
}

impl Get for Zookeeper {
    fn get<'a>(&'a self, key: &'a Key, consistency: Consistency) -> Answer<'a, Option<Entry>> {
        Box::pin(async move {
            let node = self.read("get", key, consistency).await?;
            Ok(node.and_then(|node| node.entry(key.clone())))
        })
    }
}

impl Exists for Zookeeper {
    fn exists<'a>(&'a self, key: &'a Key, consistency: Consistency) -> Answer<'a, bool> {
        Box::pin(async move {
            let node = self.read("exists", key, consistency).await?;
            Ok(node.is_some_and(|node| node.has_value()))
        })
    }
}

impl Delete for Zookeeper {
    fn delete(&self, key: Key) -> Answer<'_, bool> {
        Box::pin(async move {
            let txn = removal(key.clone(), None);
            let done = self.transact("delete", Some(&key), &txn).await?;
            Ok(done.counts == [1])
        })
    }
}

impl DeleteTree for Zookeeper {
    fn delete_tree(&self, dir: Key) -> Answer<'_, u64> {
        Box::pin(async move {
            let mut removed = 0;
            loop {
                let keys = self.keys_below(&dir).await?;
                let mut size = 0;
                let piece = keys.iter().rev().take_while(|key| {
                    size += key.as_str().len() + REMOVAL;
                    size <= PIECE
                });
                let piece: Vec<Key> = piece.cloned().collect();
                // All that fits is removed at once; more than that in pieces.
                let ops = match piece.len() == keys.len() {
                    true => vec![Op::DeleteTree(dir.clone())],
                    false => piece.into_iter().map(Op::Delete).collect(),
                };
                let last = matches!(ops[..], [Op::DeleteTree(_)]);
                let txn = Txn {
                    conditions: Vec::new(),
                    ops,
                };
                let done = self.transact("delete_tree", Some(&dir), &txn).await?;
                removed += done.counts.iter().sum::<u64>();
                if last {
                    return Ok(removed);
                }
            }
        })
    }
}

impl AtomicPut for Zookeeper {
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
                ops: vec![Op::Put(key.clone(), value, lease)],
            };
            Ok(self
                .transact("atomic_put", Some(&key), &txn)
                .await?
                .revision)
        })
    }
}

impl AtomicDelete for Zookeeper {
    fn atomic_delete(&self, key: Key, expected: Revision) -> Answer<'_, ()> {
        Box::pin(async move {
            let txn = removal(key.clone(), Some(expected));
            self.transact("atomic_delete", Some(&key), &txn)
                .await
                .map(drop)
        })
    }
}

impl Transaction for Zookeeper {
    fn commit(&self, txn: Txn) -> Answer<'_, Committed> {
        Box::pin(async move { self.transact("transaction", None, &txn).await })
    }
}
