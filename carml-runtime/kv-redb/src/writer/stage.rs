//! Applies writes to a transaction that is not committed yet.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use redb::{ReadableTable, WriteTransaction};

use super::{super::codec, Write, log::Log};
use carml_kv::{
    Committed, Condition, DeleteCause, Entry, Error, ErrorKind, Event, Key, Op, Revision, Txn,
};

use crate::shared::Shared;

type StoreError = redb::Error;

/// What is published once the commit is on disk.
#[derive(Default)]
pub(super) struct Staged {
    /// One per write, in order.
    pub(super) answers: Vec<Result<Committed, Error>>,
    pub(super) changes: Vec<(Revision, Vec<Event>)>,
    pub(super) granted: HashMap<u64, Duration>,
    pub(super) ended: HashSet<u64>,
}

pub(super) struct Stage<'a, 't> {
    shared: &'a Shared,
    data: redb::Table<'t, &'static str, &'static [u8]>,
    leased: redb::Table<'t, (u64, &'static str), ()>,
    leases: redb::Table<'t, u64, u64>,
    log: Log<'t>,
    revision: u64,
    staged: Staged,
}

impl<'a, 't> Stage<'a, 't> {
    pub(super) fn open(shared: &'a Shared, txn: &'t WriteTransaction) -> Result<Self, StoreError> {
        let log = Log::open(&shared.tables, txn)?;
        Ok(Stage {
            shared,
            data: txn.open_table(shared.tables.data())?,
            leased: txn.open_table(shared.tables.leased())?,
            leases: txn.open_table(shared.tables.leases())?,
            revision: log.revision()?,
            log,
            staged: Staged::default(),
        })
    }

    pub(super) fn run(mut self, writes: &[Write], expired: &[u64]) -> Result<Staged, StoreError> {
        for id in expired {
            self.end_lease(*id, DeleteCause::Expired)?;
        }
        for write in writes {
            let answer = match write {
                Write::Txn(txn) => self.transaction(txn)?,
                Write::Token => Ok(self.next_revision()),
                Write::Grant(ttl) => self.grant(*ttl).map(Ok)?,
                Write::Revoke(id) => self.revoke(*id)?,
            };
            self.staged.answers.push(answer);
        }
        self.log.append(self.revision, &self.staged.changes)?;
        Ok(self.staged)
    }

    fn alive(&self, lease: u64) -> bool {
        self.shared.leases.alive(lease) && !self.staged.ended.contains(&lease)
    }

    /// Takes a revision of its own, without changes.
    fn next_revision(&mut self) -> Committed {
        self.revision += 1;
        Committed {
            revision: Revision(self.revision),
            counts: Vec::new(),
        }
    }

    fn grant(&mut self, ttl: Duration) -> Result<Committed, StoreError> {
        let granted = self.next_revision();
        let id = granted.revision.0;
        let millis = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX);
        self.leases.insert(id, millis)?;
        self.staged.granted.insert(id, ttl);
        Ok(granted)
    }

    fn revoke(&mut self, id: u64) -> Result<Result<Committed, Error>, StoreError> {
        if !self.alive(id) {
            return Ok(refuse(ErrorKind::LeaseLost, "the lease has ended"));
        }
        self.end_lease(id, DeleteCause::Explicit)?;
        Ok(Ok(self.unchanged(Vec::new())))
    }

    fn unchanged(&self, counts: Vec<u64>) -> Committed {
        Committed {
            revision: Revision(self.revision),
            counts,
        }
    }

    /// The outer error concerns the whole commit, the inner one this transaction only.
    fn transaction(&mut self, txn: &Txn) -> Result<Result<Committed, Error>, StoreError> {
        if let Err(e) = self.check(txn)? {
            return Ok(Err(e));
        }
        let revision = Revision(self.revision + 1);
        let (mut events, mut counts) = (Vec::new(), Vec::new());
        for op in &txn.ops {
            counts.push(match op {
                Op::Put(key, value, lease) => {
                    let entry = Entry {
                        key: key.clone(),
                        value: value.clone(),
                        revision,
                        lease: *lease,
                    };
                    self.put(&entry)?;
                    events.push(Event::Put(entry));
                    1
                }
                Op::Delete(key) => self.delete(key, &mut events)?,
                Op::DeleteTree(dir) => {
                    let mut count = 0;
                    for key in self.keys_under(&dir.prefix())? {
                        count += self.delete(&key, &mut events)?;
                    }
                    count
                }
            });
        }
        if events.is_empty() {
            return Ok(Ok(self.unchanged(counts)));
        }
        self.revision += 1;
        self.staged.changes.push((revision, events));
        Ok(Ok(Committed { revision, counts }))
    }

    fn check(&self, txn: &Txn) -> Result<Result<(), Error>, StoreError> {
        for condition in &txn.conditions {
            let (kind, key, why, present) = match condition {
                Condition::Revision(key, expected) => {
                    let present = self.live_revision(key)?;
                    if present == *expected {
                        continue;
                    }
                    let why = "the revision is not the expected one; read it again";
                    (ErrorKind::Conflict, key, why, Some(present.into()))
                }
                Condition::Held(key, token) => {
                    let held = self.shared.locks.held(key.as_str(), *token)
                        || self.shared.elections.held(key.as_str(), *token);
                    if held {
                        continue;
                    }
                    let why = "the lock is not held with this token";
                    (ErrorKind::LockLost, key, why, None)
                }
            };
            return Ok(refuse(kind, why).map_err(|mut error: Error| {
                error.present = present;
                error.with_key(key.as_str())
            }));
        }
        for op in &txn.ops {
            if let Op::Put(key, _, Some(lease)) = op
                && !self.alive(lease.0)
            {
                let why = "the lease has ended; request another one";
                let lost = refuse(ErrorKind::LeaseLost, why);
                return Ok(lost.map_err(|e| e.with_key(key.as_str())));
            }
        }
        Ok(Ok(()))
    }

    fn live_revision(&self, key: &Key) -> Result<Option<Revision>, StoreError> {
        let Some(row) = self.data.get(key.as_str())? else {
            return Ok(None);
        };
        let (revision, lease) = codec::head(key.as_str(), row.value())?;
        Ok(self.alive(lease).then_some(Revision(revision)))
    }

    fn put(&mut self, entry: &Entry) -> Result<(), StoreError> {
        let key = entry.key.as_str();
        let before = match self.data.insert(key, codec::row(entry).as_slice())? {
            Some(row) => codec::head(key, row.value())?.1,
            None => 0,
        };
        let lease = entry.lease.map_or(0, |id| id.0);
        if before != lease {
            if before != 0 {
                self.leased.remove((before, key))?;
            }
            if lease != 0 {
                self.leased.insert((lease, key), ())?;
            }
        }
        Ok(())
    }

    /// Removes the row; whether it was live.
    fn remove(&mut self, key: &str) -> Result<Option<bool>, StoreError> {
        let lease = match self.data.remove(key)? {
            Some(row) => codec::head(key, row.value())?.1,
            None => return Ok(None),
        };
        if lease != 0 {
            self.leased.remove((lease, key))?;
        }
        Ok(Some(self.alive(lease)))
    }

    /// Removes a key and records the event. A key whose lease has ended counts as absent, and its
    /// event says expired.
    fn delete(&mut self, key: &Key, events: &mut Vec<Event>) -> Result<u64, StoreError> {
        let Some(live) = self.remove(key.as_str())? else {
            return Ok(0);
        };
        events.push(Event::Delete {
            key: key.clone(),
            cause: if live {
                DeleteCause::Explicit
            } else {
                DeleteCause::Expired
            },
        });
        Ok(u64::from(live))
    }

    fn end_lease(&mut self, id: u64, cause: DeleteCause) -> Result<(), StoreError> {
        self.leases.remove(id)?;
        self.staged.ended.insert(id);
        let mut events = Vec::new();
        for row in self.leased.range((id, "")..(id + 1, ""))? {
            let key = codec::key(row?.0.value().1)?;
            events.push(Event::Delete { key, cause });
        }
        if events.is_empty() {
            return Ok(());
        }
        for event in &events {
            self.remove(event.key().as_str())?;
        }
        self.revision += 1;
        self.staged.changes.push((Revision(self.revision), events));
        Ok(())
    }

    fn keys_under(&self, prefix: &str) -> Result<Vec<Key>, StoreError> {
        let mut keys = Vec::new();
        for row in self.data.range(prefix..)? {
            let (key, _) = row?;
            if !key.value().starts_with(prefix) {
                break;
            }
            keys.push(codec::key(key.value())?);
        }
        Ok(keys)
    }
}

fn refuse<T>(kind: ErrorKind, why: &str) -> Result<T, Error> {
    Err(Error::new(kind, "write", why).with_backend("redb"))
}
