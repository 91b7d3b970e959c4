//! The writer thread: takes what is queued, commits it as one transaction, then answers and
//! publishes. An answer is only sent after its commit is on disk.
use std::{
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use redb::{ReadableTable, ReadableTableMetadata, WriteTransaction};
use tokio::sync::oneshot;

use super::{
    Shared, codec,
    hub::{Scope, Watcher},
};
use crate::kv::{
    Batch, Cause, Committed, Condition, Entry, Error, ErrorKind, Event, From, Key, Op, Reason,
    Revision, Txn,
};

/// The most transactions in one commit.
const GROUP: usize = 256;
/// The log keeps at most this many revisions and about this many bytes.
const LOG_REVISIONS: u64 = 10_000;
const LOG_BYTES: u64 = 64 << 20;

pub(super) type Reply<T> = oneshot::Sender<Result<T, Error>>;

pub(super) enum Command {
    Txn(Txn, Reply<Committed>),
    /// A fresh number: a fencing token.
    Token(Reply<u64>),
    Grant(Duration, Reply<u64>),
    Revoke(u64, Reply<()>),
    Watch(Arc<Watcher>, From, Reply<()>),
    Resync(Arc<Watcher>),
    Close(Reply<()>),
}

/// What is owed once the commit is on disk.
enum Owed {
    Txn(Reply<Committed>, Result<Committed, Error>),
    Number(Reply<u64>, u64),
    Grant(Reply<u64>, u64, Duration),
    Unit(Reply<()>, Result<(), Error>),
}

type Failure = Box<dyn std::error::Error + Send + Sync>;
type Changes = Vec<(Revision, Vec<Event>)>;

pub(super) fn run(shared: &Shared, inbox: &Receiver<Command>) {
    loop {
        let wait = shared
            .leases
            .next_deadline()
            .map_or(Duration::from_secs(3600), |d| {
                d.saturating_duration_since(Instant::now())
            });
        let first = match inbox.recv_timeout(wait) {
            Ok(command) => Some(command),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => break,
        };
        let (mut group, mut after, mut close) = (Vec::new(), Vec::new(), None);
        let mut next = first;
        while let Some(command) = next {
            match command {
                Command::Watch(..) | Command::Resync(_) => after.push(command),
                Command::Close(reply) => close = Some(reply),
                write => group.push(write),
            }
            // A watch begins after what was written before it, and before what comes later.
            if group.len() >= GROUP || !after.is_empty() || close.is_some() {
                break;
            }
            next = inbox.try_recv().ok();
        }
        commit(shared, group);
        for command in after {
            watch(shared, command);
        }
        if let Some(reply) = close {
            shared.close();
            let _ = reply.send(Ok(()));
            return;
        }
    }
    shared.close();
}

fn unavailable(e: &Failure) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        "write",
        format!("nothing was written: {e}"),
    )
    .with_backend("redb")
}

fn commit(shared: &Shared, group: Vec<Command>) {
    let expired = shared.leases.expired();
    if group.is_empty() && expired.is_empty() {
        return;
    }
    let Some(db) = shared.db() else { return };
    let (mut owed, mut changes) = (Vec::new(), Changes::new());
    let staged = (|| -> Result<WriteTransaction, Failure> {
        let txn = db.begin_write()?;
        stage(shared, &txn, group, expired, &mut owed, &mut changes)?;
        Ok(txn)
    })();
    let (result, applied) = match staged {
        Ok(txn) => (txn.commit().map_err(Failure::from), true),
        Err(e) => (Err(e), false),
    };
    if let Err(e) = result {
        let error = || {
            if applied {
                Error::new(
                    ErrorKind::Indeterminate,
                    "write",
                    format!("the commit failed: {e}"),
                )
                .with_backend("redb")
            } else {
                unavailable(&e)
            }
        };
        for one in owed {
            match one {
                Owed::Txn(reply, _) => drop(reply.send(Err(error()))),
                Owed::Number(reply, _) | Owed::Grant(reply, ..) => drop(reply.send(Err(error()))),
                Owed::Unit(reply, _) => drop(reply.send(Err(error()))),
            }
        }
        return;
    }
    for (revision, events) in &changes {
        shared.hub.publish(*revision, events);
    }
    for one in owed {
        match one {
            Owed::Txn(reply, answer) => drop(reply.send(answer)),
            Owed::Number(reply, n) => drop(reply.send(Ok(n))),
            Owed::Grant(reply, id, ttl) => {
                shared.leases.add(id, ttl);
                drop(reply.send(Ok(id)));
            }
            Owed::Unit(reply, answer) => drop(reply.send(answer)),
        }
    }
}

fn stage(
    shared: &Shared,
    txn: &WriteTransaction,
    group: Vec<Command>,
    expired: Vec<u64>,
    owed: &mut Vec<Owed>,
    changes: &mut Changes,
) -> Result<(), Failure> {
    let names = &shared.names;
    let mut stage = Stage {
        shared,
        data: txn.open_table(names.data())?,
        leased: txn.open_table(names.leased())?,
        leases: txn.open_table(names.leases())?,
        revision: 0,
    };
    let mut meta = txn.open_table(names.meta())?;
    let mut log = txn.open_table(names.log())?;
    stage.revision = meta.get("revision")?.map_or(0, |v| v.value());
    for id in expired {
        stage.end_lease(id, Cause::Expired, changes)?;
    }
    for command in group {
        match command {
            Command::Txn(txn, reply) => {
                let answer = stage.apply(&txn, changes);
                match answer {
                    Ok(answer) => owed.push(Owed::Txn(reply, answer)),
                    Err(e) => {
                        drop(reply.send(Err(unavailable(&e))));
                        return Err(e);
                    }
                }
            }
            Command::Token(reply) => {
                stage.revision += 1;
                owed.push(Owed::Number(reply, stage.revision));
            }
            Command::Grant(ttl, reply) => {
                stage.revision += 1;
                stage
                    .leases
                    .insert(stage.revision, ttl.as_millis() as u64)?;
                owed.push(Owed::Grant(reply, stage.revision, ttl));
            }
            Command::Revoke(id, reply) => {
                let known = shared.leases.remove(id);
                stage.end_lease(id, Cause::Explicit, changes)?;
                let lost = || {
                    Error::new(ErrorKind::LeaseLost, "revoke", "the lease had ended")
                        .with_backend("redb")
                };
                owed.push(Owed::Unit(reply, if known { Ok(()) } else { Err(lost()) }));
            }
            Command::Watch(..) | Command::Resync(_) | Command::Close(_) => {}
        }
    }
    meta.insert("revision", stage.revision)?;
    let mut bytes = meta.get("log_bytes")?.map_or(0, |v| v.value());
    for (revision, events) in changes {
        let record = codec::record(events);
        bytes += record.len() as u64;
        log.insert(revision.0, record.as_slice())?;
    }
    while log.len()? > LOG_REVISIONS || bytes > LOG_BYTES {
        let Some((revision, record)) = log.pop_first()? else {
            break;
        };
        bytes = bytes.saturating_sub(record.value().len() as u64);
        meta.insert("floor", revision.value())?;
    }
    meta.insert("log_bytes", bytes)?;
    Ok(())
}

struct Stage<'a, 't> {
    shared: &'a Shared,
    data: redb::Table<'t, &'static str, &'static [u8]>,
    leased: redb::Table<'t, (u64, &'static str), ()>,
    leases: redb::Table<'t, u64, u64>,
    revision: u64,
}

impl Stage<'_, '_> {
    fn live_revision(&self, key: &str) -> Result<Option<u64>, Failure> {
        let row = self.data.get(key)?;
        let head = row.and_then(|r| codec::head(r.value()));
        Ok(head
            .filter(|(_, lease)| self.shared.leases.alive(*lease))
            .map(|(revision, _)| revision))
    }

    /// The outer error aborts the group; the inner one is this transaction's own.
    fn apply(
        &mut self,
        txn: &Txn,
        changes: &mut Changes,
    ) -> Result<Result<Committed, Error>, Failure> {
        if let Err(e) = self.check(txn)? {
            return Ok(Err(e));
        }
        let revision = Revision(self.revision + 1);
        let (mut events, mut counts) = (Vec::new(), Vec::new());
        for op in &txn.ops {
            counts.push(match op {
                Op::Put(key, value, lease) => {
                    self.remove(key.as_str())?;
                    let id = lease.map_or(0, |l| l.0);
                    self.data
                        .insert(key.as_str(), codec::row(revision.0, id, value).as_slice())?;
                    if id != 0 {
                        self.leased.insert((id, key.as_str()), ())?;
                    }
                    events.push(Event::Put(Entry {
                        key: key.clone(),
                        value: value.clone(),
                        revision,
                        lease: *lease,
                    }));
                    1
                }
                Op::Delete(key) => self.delete(key, &mut events)?,
                Op::DeleteTree(dir) => {
                    let mut count = 0;
                    for key in keys_under(&self.data, &dir.prefix())? {
                        count += self.delete(&key, &mut events)?;
                    }
                    count
                }
            });
        }
        if events.is_empty() {
            return Ok(Ok(Committed {
                revision: Revision(self.revision),
                counts,
            }));
        }
        self.revision += 1;
        changes.push((revision, events));
        Ok(Ok(Committed { revision, counts }))
    }

    fn check(&self, txn: &Txn) -> Result<Result<(), Error>, Failure> {
        let refuse = |kind, key: &Key, why: &str| {
            Ok(Err(Error::new(kind, "write", why)
                .with_backend("redb")
                .with_key(key.as_str())))
        };
        for condition in &txn.conditions {
            match condition {
                Condition::Revision(key, expected) => {
                    if self.live_revision(key.as_str())? != expected.map(|r| r.0) {
                        return refuse(
                            ErrorKind::Conflict,
                            key,
                            "the revision is not the expected one; read it again",
                        );
                    }
                }
                Condition::Held(key, token) => {
                    if !self.shared.locks.held(key.as_str(), *token) {
                        return refuse(
                            ErrorKind::LockLost,
                            key,
                            "the lock is not held with this token",
                        );
                    }
                }
            }
        }
        let mut named = std::collections::HashSet::new();
        for op in &txn.ops {
            let (Op::Put(key, ..) | Op::Delete(key) | Op::DeleteTree(key)) = op;
            if !named.insert(key) {
                return refuse(
                    ErrorKind::InvalidArgument,
                    key,
                    "a transaction names a key at most once",
                );
            }
            if let Op::Put(_, _, Some(lease)) = op
                && (lease.0 == 0 || !self.shared.leases.alive(lease.0))
            {
                return refuse(ErrorKind::LeaseLost, key, "the lease has ended");
            }
        }
        Ok(Ok(()))
    }

    fn remove(&mut self, key: &str) -> Result<bool, Failure> {
        let head = self.data.remove(key)?.map(|row| codec::head(row.value()));
        if let Some(Some((_, lease))) = head
            && lease != 0
        {
            self.leased.remove((lease, key))?;
        }
        Ok(head.is_some())
    }

    /// Removes a key; how many that were (one whose lease has ended counts as gone).
    fn delete(&mut self, key: &Key, events: &mut Vec<Event>) -> Result<u64, Failure> {
        let live = self.live_revision(key.as_str())?.is_some();
        if self.remove(key.as_str())? {
            let cause = if live {
                Cause::Explicit
            } else {
                Cause::Expired
            };
            events.push(Event::Delete {
                key: key.clone(),
                cause,
            });
        }
        Ok(u64::from(live))
    }

    fn end_lease(&mut self, id: u64, cause: Cause, changes: &mut Changes) -> Result<(), Failure> {
        self.leases.remove(id)?;
        let keys: Vec<Key> = {
            let range = self.leased.range((id, "")..(id + 1, ""))?;
            let texts: Result<Vec<String>, redb::StorageError> =
                range.map(|row| Ok(row?.0.value().1.to_owned())).collect();
            texts?
                .iter()
                .filter_map(|text| Key::parse(text).ok())
                .collect()
        };
        if keys.is_empty() {
            return Ok(());
        }
        for key in &keys {
            self.remove(key.as_str())?;
        }
        self.revision += 1;
        changes.push((
            Revision(self.revision),
            keys.into_iter()
                .map(|key| Event::Delete { key, cause })
                .collect(),
        ));
        Ok(())
    }
}

fn keys_under(
    data: &impl ReadableTable<&'static str, &'static [u8]>,
    prefix: &str,
) -> Result<Vec<Key>, Failure> {
    let mut keys = Vec::new();
    for row in data.range(prefix..)? {
        let (key, _) = row?;
        if !key.value().starts_with(prefix) {
            break;
        }
        keys.extend(Key::parse(key.value()));
    }
    Ok(keys)
}

fn watch(shared: &Shared, command: Command) {
    match command {
        Command::Watch(watcher, from, reply) => {
            let answer = first_batches(shared, &watcher.scope, from).map(|batches| {
                watcher.restart(batches);
                shared.hub.add(watcher.clone());
            });
            let _ = reply.send(answer);
        }
        Command::Resync(watcher) => {
            if let Ok(batch) = shared.snapshot(&watcher.scope, Reason::Lagged) {
                watcher.restart(vec![batch]);
            }
        }
        _ => {}
    }
}

fn first_batches(shared: &Shared, scope: &Scope, from: From) -> Result<Vec<Batch>, Error> {
    match from {
        From::Now => Ok(vec![shared.snapshot(scope, Reason::Started)?]),
        From::Revision(revision) => match shared.history(scope, revision)? {
            Some(batches) => Ok(batches),
            None => Ok(vec![shared.snapshot(scope, Reason::Compacted)?]),
        },
    }
}
