//! The embedded store of CarML: one redb file, one process, no server.
//!
//! It has every call of the contract with the scope `process`: locks, leases and elections hold
//! among the handles of one [`Redb`]. Other processes reach them through `carml kv serve`.
//!
//! ```
//! use std::time::Duration;
//!
//! use carml_kv::{Key, Kv};
//! use carml_kv_redb::Redb;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("carml.redb");
//! // Opening blocks; "carml" is the namespace in the file.
//! let store = tokio::task::spawn_blocking(|| Redb::open(path, "carml")).await??;
//! let kv = Kv::new(store, Duration::from_secs(5));
//!
//! let key: Key = "users/ada".parse()?;
//! let revision = kv.put(key.clone(), "admin", None).await?;
//! let entry = kv.get(&key).await?.expect("it was written");
//! assert_eq!((&entry.value[..], entry.revision), (&b"admin"[..], revision));
//!
//! // What is committed is on the disk.
//! kv.close().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # How it works
//!
//! One thread writes, in groups: writes that arrive while one is committed share the next commit.
//! Reads are snapshots, and never wait for a write. A file that another process holds, or that is
//! damaged, is an error that says so.
//!
//! # Modules
//!
//! - `calls`: the traits of [`carml_kv::contract`].
//! - `writer`: the thread that writes: commits in groups, checks, the log of changes.
//! - `tables`, `codec`: what is in the file, and its encoding.
//! - `leases`, `locks`, `elections`: who holds what, in memory.
//! - `watchers`, `stream`: who is notified of a change.

mod calls;
mod codec;
mod elections;
mod error;
mod leases;
mod locks;
mod shared;
mod stream;
mod tables;
mod watchers;
mod writer;

#[cfg(test)]
mod tests;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{
        Arc,
        mpsc::{Sender, channel},
    },
    time::Duration,
};

use redb::{Database, ReadableTable};
use tokio::sync::oneshot;

use self::{
    error::{damaged, open_error, store_error, with_path},
    leases::Leases,
    shared::Shared,
    tables::Tables,
    writer::{Command, Reply, Write},
};
use carml_kv::{Applied, Committed, Error, ErrorKind};

/// An open store. Cheap to clone; dropping the last handle closes it.
#[derive(Clone)]
pub struct Redb {
    shared: Arc<Shared>,
    writer: Sender<Command>,
}

impl Redb {
    /// Opens or creates the file; `bucket` is the namespace in it. Blocks: call it on a thread that
    /// may block, such as `tokio::task::spawn_blocking`.
    ///
    /// # Errors
    ///
    /// `Busy` if another handle or process holds the file, `Corrupted` if it is damaged or not such
    /// a file, `PermissionDenied`, `Exhausted` or `Unavailable` as the system reports.
    pub fn open(path: impl AsRef<Path>, bucket: &str) -> Result<Redb, Error> {
        let path = path.as_ref();
        let open = || {
            let db = Database::create(path).map_err(|e| open_error(path, e))?;
            Redb::on(db, bucket)
        };
        let opened = catch_unwind(AssertUnwindSafe(open));
        opened.unwrap_or_else(|_| Err(with_path(path, damaged("open"))))
    }

    /// Starts on an open database.
    fn on(db: Database, bucket: &str) -> Result<Redb, Error> {
        let tables = Tables::new(bucket);
        let leases = restore(&db, &tables).map_err(|e| store_error("open", e))?;
        let shared = Arc::new(Shared::new(db, tables, leases));
        let (writer, inbox) = channel();
        let theirs = shared.clone();
        std::thread::Builder::new()
            .name("carml-kv-writer".to_owned())
            .spawn(move || writer::run(&theirs, &inbox))
            .map_err(|e| store_error("open", redb::Error::Io(e)))?;
        Ok(Redb { shared, writer })
    }

    /// The number of open watches, and of queues of locks and elections; for tests of leaks.
    pub fn open_handles(&self) -> (usize, usize) {
        let queues = self.shared.locks.count() + self.shared.elections.count();
        (self.shared.watchers.count(), queues)
    }

    async fn write(&self, op: &'static str, write: Write) -> Result<Committed, Error> {
        self.ask(op, |reply| Command::Write(write, reply)).await
    }

    /// Sends a command to the writer thread and waits for the reply.
    async fn ask<T>(
        &self,
        op: &'static str,
        command: impl FnOnce(Reply<T>) -> Command,
    ) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        if self.shared.closed.is_cancelled() || self.writer.send(command(reply)).is_err() {
            return Err(self.shared.ended(op));
        }
        let mut answer = match answer.await {
            Ok(answer) => answer,
            Err(_) => Err(self.unanswered(op).await),
        };
        if let Err(e) = &mut answer {
            e.op = op;
        }
        answer
    }

    /// The writer thread dropped a command: it was not executed if the store was closed; a panic
    /// may have come after its commit.
    async fn unanswered(&self, op: &'static str) -> Error {
        self.shared.closed.cancelled().await;
        let mut e = self.shared.ended(op);
        if e.kind != ErrorKind::Closed {
            (e.kind, e.applied) = (ErrorKind::Indeterminate, Applied::Maybe);
        }
        e
    }
}

/// Creates the tables; each lease gets its full ttl again.
fn restore(db: &Database, tables: &Tables) -> Result<Leases, redb::Error> {
    let leases = Leases::default();
    let txn = db.begin_write()?;
    tables.create(&txn)?;
    for row in txn.open_table(tables.leases())?.iter()? {
        let (id, ttl) = row?;
        leases.add(id.value(), Duration::from_millis(ttl.value()));
    }
    txn.commit()?;
    Ok(leases)
}
