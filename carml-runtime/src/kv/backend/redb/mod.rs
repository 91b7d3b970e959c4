//! The embedded store: one redb file, one process.
//!
//! Tables, per namespace: `data` (key → revision, lease, value), `log` (revision → its events,
//! bounded), `leases` (id → ttl), `leased` (lease, key), `meta` (`revision`: the counter that
//! never repeats; `floor`: the last revision that the log has lost; `log_bytes`). All of one
//! write lands in one transaction, so the counter, the rows and the log always agree. One thread
//! writes; reads are snapshots and never wait for it.

mod calls;
mod codec;
mod hub;
mod leases;
mod locks;
mod writer;

use std::{
    path::Path,
    sync::{
        Arc, PoisonError, RwLock,
        mpsc::{Sender, channel},
    },
    time::Duration,
};

use redb::{Database, DatabaseError, ReadableDatabase, ReadableTable, TableDefinition};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use self::{
    hub::{Hub, Scope},
    leases::Leases,
    locks::Locks,
    writer::Command,
};
use crate::kv::{Batch, Entry, Error, ErrorKind, Reason, Revision};

/// An open store. Cheap to clone; dropping the last handle ends the writer thread.
#[derive(Clone)]
pub struct Redb {
    shared: Arc<Shared>,
    writer: Sender<Command>,
}

struct Names([String; 5]);

impl Names {
    fn new(bucket: &str) -> Self {
        Names(["data", "log", "leases", "leased", "meta"].map(|table| format!("{bucket}:{table}")))
    }
    fn data(&self) -> TableDefinition<'_, &'static str, &'static [u8]> {
        TableDefinition::new(&self.0[0])
    }
    fn log(&self) -> TableDefinition<'_, u64, &'static [u8]> {
        TableDefinition::new(&self.0[1])
    }
    fn leases(&self) -> TableDefinition<'_, u64, u64> {
        TableDefinition::new(&self.0[2])
    }
    fn leased(&self) -> TableDefinition<'_, (u64, &'static str), ()> {
        TableDefinition::new(&self.0[3])
    }
    fn meta(&self) -> TableDefinition<'_, &'static str, u64> {
        TableDefinition::new(&self.0[4])
    }
}

struct Shared {
    db: RwLock<Option<Arc<Database>>>,
    names: Names,
    hub: Arc<Hub>,
    locks: Arc<Locks>,
    leases: Arc<Leases>,
    closed: CancellationToken,
}

fn failed(op: &'static str, e: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    let e = e.into();
    Error::new(
        ErrorKind::Unavailable,
        op,
        format!("the file could not be read: {e}"),
    )
    .with_backend("redb")
    .with_source(e)
}

fn closed(op: &'static str) -> Error {
    Error::new(ErrorKind::Closed, op, "the store was closed").with_backend("redb")
}

impl Shared {
    fn db(&self) -> Option<Arc<Database>> {
        self.db
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
    fn read(&self, op: &'static str) -> Result<redb::ReadTransaction, Error> {
        self.db()
            .ok_or_else(|| closed(op))?
            .begin_read()
            .map_err(|e| failed(op, e))
    }
    fn close(&self) {
        self.closed.cancel();
        self.hub.close();
        self.leases.close();
        self.db
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
    }
    fn revision(&self, txn: &redb::ReadTransaction, row: &str) -> Result<u64, redb::Error> {
        Ok(txn
            .open_table(self.names.meta())?
            .get(row)?
            .map_or(0, |v| v.value()))
    }
    fn snapshot(&self, scope: &Scope, reason: Reason) -> Result<Batch, Error> {
        let txn = self.read("watch")?;
        let entries = self.collect(&txn, scope).map_err(|e| failed("watch", e))?;
        let revision = Revision(
            self.revision(&txn, "revision")
                .map_err(|e| failed("watch", e))?,
        );
        Ok(Batch::Snapshot {
            entries,
            revision,
            reason,
        })
    }
    fn collect(
        &self,
        txn: &redb::ReadTransaction,
        scope: &Scope,
    ) -> Result<Vec<Entry>, redb::Error> {
        let data = txn.open_table(self.names.data())?;
        let start = match scope {
            Scope::Key(key) => key.as_str(),
            Scope::Tree(prefix) => prefix,
        };
        let mut entries = Vec::new();
        for row in data.range(start..)? {
            let (key, row) = row?;
            if !scope.sees(key.value()) {
                break;
            }
            entries.extend(self.live(key.value(), row.value()));
        }
        Ok(entries)
    }
    /// The entry of a row, unless its lease has ended.
    fn live(&self, key: &str, row: &[u8]) -> Option<Entry> {
        codec::entry(key, row).filter(|e| self.leases.alive(e.lease.map_or(0, |l| l.0)))
    }
    /// Every change after a revision; `None`: the log does not reach back that far.
    fn history(&self, scope: &Scope, after: Revision) -> Result<Option<Vec<Batch>>, Error> {
        let txn = self.read("watch")?;
        let history = || -> Result<Option<Vec<Batch>>, redb::Error> {
            let now = self.revision(&txn, "revision")?;
            if after.0 < self.revision(&txn, "floor")? || after.0 > now {
                return Ok(None);
            }
            let mut batches = Vec::new();
            for row in txn.open_table(self.names.log())?.range(after.0 + 1..)? {
                let (revision, record) = row?;
                let Some(mut events) = codec::events(record.value()) else {
                    return Ok(None);
                };
                events.retain(|e| scope.sees(e.key().as_str()));
                if !events.is_empty() {
                    batches.push(Batch::Events {
                        revision: Revision(revision.value()),
                        events,
                    });
                }
            }
            batches.push(Batch::Progress {
                revision: Revision(now),
            });
            Ok(Some(batches))
        };
        history().map_err(|e| failed("watch", e))
    }
}

impl Redb {
    /// Opens the file, or makes it. Blocks; use it off the async threads.
    pub fn open(path: impl AsRef<Path>, bucket: &str) -> Result<Redb, Error> {
        let path = path.as_ref();
        let db = Database::create(path).map_err(|e| {
            let (kind, why) = match &e {
                DatabaseError::DatabaseAlreadyOpen => (ErrorKind::Busy, "another handle or process holds the file; one process serves it, others use `carml kv serve`".to_owned()),
                other => (ErrorKind::Unavailable, other.to_string()),
            };
            Error::new(kind, "open", format!("{}: {why}", path.display())).with_backend("redb").with_source(e)
        })?;
        let (names, leases) = (Names::new(bucket), Leases::default());
        let prepare = || -> Result<(), redb::Error> {
            let txn = db.begin_write()?;
            txn.open_table(names.data())?;
            txn.open_table(names.log())?;
            txn.open_table(names.leased())?;
            txn.open_table(names.meta())?;
            for row in txn.open_table(names.leases())?.iter()? {
                let (id, ttl) = row?;
                leases.add(id.value(), Duration::from_millis(ttl.value()));
            }
            txn.commit()?;
            Ok(())
        };
        prepare().map_err(|e| failed("open", e))?;
        let shared = Arc::new(Shared {
            db: RwLock::new(Some(Arc::new(db))),
            names,
            hub: Arc::default(),
            locks: Arc::default(),
            leases: Arc::new(leases),
            closed: CancellationToken::new(),
        });
        let (writer, inbox) = channel();
        let theirs = shared.clone();
        std::thread::Builder::new()
            .name("carml-kv-writer".to_owned())
            .spawn(move || writer::run(&theirs, &inbox))
            .map_err(|e| failed("open", e))?;
        Ok(Redb { shared, writer })
    }

    /// How many watches and lock queues exist: what is left behind, for tests.
    pub fn open_handles(&self) -> (usize, usize) {
        (self.shared.hub.count(), self.shared.locks.count())
    }

    async fn ask<T>(
        &self,
        op: &'static str,
        command: impl FnOnce(writer::Reply<T>) -> Command,
    ) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        self.writer.send(command(reply)).map_err(|_| closed(op))?;
        let mut answer = answer.await.unwrap_or_else(|_| Err(closed(op)));
        if let Err(e) = &mut answer {
            e.op = op;
        }
        answer
    }
}
