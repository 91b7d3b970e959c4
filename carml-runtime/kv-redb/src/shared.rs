//! State shared by the calls, the streams and the writer thread.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

use redb::{Database, ReadTransaction, ReadableDatabase, WriteTransaction};
use tokio_util::sync::CancellationToken;

use super::{
    elections::Elections,
    error::{closed, damaged, store_error, writer_panicked},
    leases::Leases,
    locks::Locks,
    tables::{Reader, Tables},
    watchers::Watchers,
};
use carml_kv::Error;

pub(super) struct Shared {
    db: RwLock<Option<Database>>,
    pub(super) tables: Tables,
    pub(super) watchers: Watchers,
    pub(super) locks: Arc<Locks>,
    pub(super) elections: Elections,
    pub(super) leases: Leases,
    /// Cancelled when the store ends, for whatever reason.
    pub(super) closed: CancellationToken,
    broken: AtomicBool,
}

impl Shared {
    pub(super) fn new(db: Database, tables: Tables, leases: Leases) -> Self {
        Shared {
            db: RwLock::new(Some(db)),
            tables,
            watchers: Watchers::default(),
            locks: Arc::default(),
            elections: Elections::default(),
            leases,
            closed: CancellationToken::new(),
            broken: AtomicBool::new(false),
        }
    }

    /// Reads from a snapshot taken now.
    pub(super) fn read<T>(
        &self,
        op: &'static str,
        what: impl FnOnce(&Reader<'_>) -> Result<T, redb::Error>,
    ) -> Result<T, Error> {
        self.read_from(op, &self.begin_read(op)?, what)
    }

    /// A snapshot taken now. The file keeps what it contains until it is dropped.
    pub(super) fn begin_read(&self, op: &'static str) -> Result<ReadTransaction, Error> {
        let db = self.db.read().unwrap_or_else(PoisonError::into_inner);
        let db = db.as_ref().ok_or_else(|| self.ended(op))?;
        db.begin_read().map_err(|e| store_error(op, e))
    }

    /// Reads from a snapshot. redb may panic on a damaged file: that becomes an error.
    pub(super) fn read_from<T>(
        &self,
        op: &'static str,
        txn: &ReadTransaction,
        what: impl FnOnce(&Reader<'_>) -> Result<T, redb::Error>,
    ) -> Result<T, Error> {
        let reader = Reader {
            tables: &self.tables,
            leases: &self.leases,
            txn,
        };
        catch_unwind(AssertUnwindSafe(|| what(&reader)))
            .map_err(|_| damaged(op))?
            .map_err(|e| store_error(op, e))
    }

    /// For the writer thread only.
    pub(super) fn write(&self) -> Result<WriteTransaction, redb::Error> {
        let db = self.db.read().unwrap_or_else(PoisonError::into_inner);
        let db = db.as_ref().ok_or(redb::Error::DatabaseClosed)?;
        Ok(db.begin_write()?)
    }

    /// The error of calls after the end of the store.
    pub(super) fn ended(&self, op: &'static str) -> Error {
        if self.broken.load(Ordering::Acquire) {
            writer_panicked(op)
        } else {
            closed(op)
        }
    }

    /// Ends every watch, lock and lease and closes the file, even while reads are in progress.
    pub(super) fn close(&self, broken: bool) -> Result<(), Error> {
        self.broken.fetch_or(broken, Ordering::AcqRel);
        self.closed.cancel();
        self.watchers.close();
        self.leases.close();
        let db = self
            .db
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        db.map_or(Ok(()), |db| db.close().map_err(|e| store_error("close", e)))
    }
}
