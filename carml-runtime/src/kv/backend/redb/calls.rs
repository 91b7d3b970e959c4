//! The calls of the contract.
use std::{sync::Arc, time::Duration};

use ::redb::ReadTransaction;
use bytes::Bytes;

use super::{
    Redb, closed, failed,
    hub::{Scope, Subscription},
    locks::Place,
    writer::Command,
};
use crate::kv::{contract::*, *};

fn check_value(op: &'static str, key: &Key, value: &Bytes) -> Result<(), Error> {
    if value.len() <= MAX_VALUE {
        return Ok(());
    }
    let why = format!(
        "the value has {} bytes, the limit is {MAX_VALUE}",
        value.len()
    );
    Err(Error::new(ErrorKind::TooLarge, op, why)
        .with_backend("redb")
        .with_key(key.as_str()))
}

impl Backend for Redb {
    fn provider(&self) -> &'static str {
        "redb"
    }
    all_calls!();
}

impl Redb {
    async fn write(&self, op: &'static str, txn: Txn) -> Result<Committed, Error> {
        for one in &txn.ops {
            if let Op::Put(key, value, _) = one {
                check_value(op, key, value)?;
            }
        }
        self.ask(op, |reply| Command::Txn(txn, reply)).await
    }

    fn read_one(&self, op: &'static str, key: &Key) -> Result<Option<Entry>, Error> {
        let txn = self.shared.read(op)?;
        let data = txn
            .open_table(self.shared.names.data())
            .map_err(|e| failed(op, e))?;
        let row = data.get(key.as_str()).map_err(|e| failed(op, e))?;
        Ok(row.and_then(|row| self.shared.live(key.as_str(), row.value())))
    }

    async fn subscribe(
        &self,
        op: &'static str,
        scope: Scope,
        from: From,
    ) -> Result<WatchStream, Error> {
        let watcher = self.shared.hub.watcher(scope);
        let subscription = Subscription {
            hub: self.shared.hub.clone(),
            watcher: watcher.clone(),
            writer: self.writer.clone(),
        };
        self.ask(op, |reply| Command::Watch(watcher, from, reply))
            .await?;
        Ok(subscription.stream())
    }

    async fn guard(&self, key: Key, place: Place) -> Result<Guard, Error> {
        let token = self.ask("lock", Command::Token).await?;
        place.set_token(token);
        Ok(Guard::new(
            key,
            token,
            self.shared.closed.clone(),
            Box::new(place),
        ))
    }
}

impl Put for Redb {
    fn put(&self, key: Key, value: Bytes, lease: Option<LeaseId>) -> Answer<'_, Revision> {
        Box::pin(async move {
            let txn = Txn {
                conditions: Vec::new(),
                ops: vec![Op::Put(key, value, lease)],
            };
            Ok(self.write("put", txn).await?.revision)
        })
    }
}

impl Get for Redb {
    fn get<'a>(&'a self, key: &'a Key, _: Consistency) -> Answer<'a, Option<Entry>> {
        // A read of one key takes microseconds: shorter than a change of thread.
        Box::pin(async move { self.read_one("get", key) })
    }
}

impl Exists for Redb {
    fn exists<'a>(&'a self, key: &'a Key, _: Consistency) -> Answer<'a, bool> {
        Box::pin(async move { Ok(self.read_one("exists", key)?.is_some()) })
    }
}

impl Delete for Redb {
    fn delete(&self, key: Key) -> Answer<'_, bool> {
        Box::pin(
            async move { Ok(self.write("delete", Txn::new().delete(key)).await?.counts == [1]) },
        )
    }
}

impl DeleteTree for Redb {
    fn delete_tree(&self, dir: Key) -> Answer<'_, u64> {
        Box::pin(async move {
            let txn = Txn {
                conditions: Vec::new(),
                ops: vec![Op::DeleteTree(dir)],
            };
            Ok(self.write("delete_tree", txn).await?.counts.iter().sum())
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
            let conditions = vec![Condition::Revision(key.clone(), expected)];
            let txn = Txn {
                conditions,
                ops: vec![Op::Put(key, value, lease)],
            };
            Ok(self.write("atomic_put", txn).await?.revision)
        })
    }
}

impl AtomicDelete for Redb {
    fn atomic_delete(&self, key: Key, expected: Revision) -> Answer<'_, ()> {
        Box::pin(async move {
            let txn = Txn::new().expect(key.clone(), Some(expected)).delete(key);
            self.write("atomic_delete", txn).await.map(drop)
        })
    }
}

impl Transaction for Redb {
    fn commit(&self, txn: Txn) -> Answer<'_, Committed> {
        Box::pin(async move { self.write("transaction", txn).await })
    }
}

impl List for Redb {
    fn list(&self, dir: Option<Key>, options: ListOptions) -> Answer<'_, Page> {
        Box::pin(async move {
            if options.limit == 0 {
                return Err(Error::new(
                    ErrorKind::InvalidArgument,
                    "list",
                    "a page holds at least one entry",
                )
                .with_backend("redb"));
            }
            let shared = self.shared.clone();
            let read = move || {
                let txn = shared.read("list")?;
                let prefix = dir.as_ref().map_or_else(String::new, Key::prefix);
                page(&shared, &txn, &prefix, &options).map_err(|e| failed("list", e))
            };
            tokio::task::spawn_blocking(read)
                .await
                .map_err(|e| failed("list", e))?
        })
    }
}

fn page(
    shared: &super::Shared,
    txn: &ReadTransaction,
    prefix: &str,
    options: &ListOptions,
) -> Result<Page, ::redb::Error> {
    let data = txn.open_table(shared.names.data())?;
    let mut page = Page {
        revision: Revision(shared.revision(txn, "revision")?),
        ..Page::default()
    };
    let after = options.after.as_ref().map_or("", Key::as_str);
    for row in data.range(prefix.max(after)..)? {
        let (key, row) = row?;
        if !key.value().starts_with(prefix) {
            break;
        }
        if key.value() <= after {
            continue;
        }
        let Some(entry) = shared.live(key.value(), row.value()) else {
            continue;
        };
        if page.entries.len() == options.limit {
            page.next = page.entries.last().map(|e| e.key.clone());
            break;
        }
        page.entries.push(entry);
    }
    Ok(page)
}

impl Watch for Redb {
    fn watch(&self, key: Key, from: From) -> Answer<'_, WatchStream> {
        Box::pin(self.subscribe("watch", Scope::Key(key), from))
    }
}

impl WatchTree for Redb {
    fn watch_tree(&self, dir: Option<Key>, from: From) -> Answer<'_, WatchStream> {
        let prefix = dir.map_or_else(String::new, |d| d.prefix());
        Box::pin(self.subscribe("watch_tree", Scope::Tree(prefix), from))
    }
}

impl Lock for Redb {
    fn acquire(&self, key: Key) -> Answer<'_, Guard> {
        Box::pin(async move {
            let mut place = self.shared.locks.join(key.as_str());
            tokio::select! {
                () = self.shared.closed.cancelled() => return Err(closed("lock")),
                () = place.wait() => {}
            }
            self.guard(key, place).await
        })
    }
    fn try_acquire(&self, key: Key) -> Answer<'_, Guard> {
        Box::pin(async move {
            let mut place = self.shared.locks.join(key.as_str());
            if !place.take() {
                return Err(Error::new(ErrorKind::Busy, "lock", "held by someone else")
                    .with_backend("redb")
                    .with_key(key.as_str()));
            }
            self.guard(key, place).await
        })
    }
}

fn lease_lost(op: &'static str) -> Error {
    Error::new(ErrorKind::LeaseLost, op, "the lease has ended").with_backend("redb")
}

impl Leases for Redb {
    fn lease(&self, ttl: Duration) -> Answer<'_, Lease> {
        Box::pin(async move {
            if ttl < Duration::from_millis(1) || ttl > Duration::from_secs(10 * 365 * 86_400) {
                return Err(Error::new(
                    ErrorKind::InvalidArgument,
                    "lease",
                    "a ttl is between 1 ms and 10 years",
                )
                .with_backend("redb"));
            }
            let id = self
                .ask("lease", |reply| Command::Grant(ttl, reply))
                .await?;
            let lost = self
                .shared
                .leases
                .token(id)
                .ok_or_else(|| closed("lease"))?;
            Ok(Lease::new(LeaseId(id), ttl, lost, Arc::new(self.clone())))
        })
    }
    fn keep_alive(&self, id: LeaseId) -> Answer<'_, Duration> {
        Box::pin(async move {
            if self.shared.closed.is_cancelled() {
                return Err(closed("keep_alive"));
            }
            let renewed = self.shared.leases.renew(id.0);
            renewed.ok_or_else(|| lease_lost("keep_alive"))
        })
    }
    fn revoke(&self, id: LeaseId) -> Answer<'_, ()> {
        Box::pin(self.ask("revoke", move |reply| Command::Revoke(id.0, reply)))
    }
}

impl Close for Redb {
    fn close(&self) -> Answer<'_, ()> {
        Box::pin(self.ask("close", Command::Close))
    }
}
