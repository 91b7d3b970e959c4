//! What the calls, the streams and the writer thread share.
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

use redb::{Database, ReadableDatabase, WriteTransaction};
use tokio_util::sync::CancellationToken;

use super::{
    elections::Elections,
    fault::{broken, closed, damaged, fault},
    hub::Hub,
    leases::Leases,
    locks::Locks,
    tables::{Reader, Tables},
};
use carml_kv::Error;

pub(super) struct Shared {
    db: RwLock<Option<Database>>,
    pub(super) tables: Tables,
    pub(super) hub: Hub,
    pub(super) locks: Arc<Locks>,
    pub(super) elections: Elections,
    pub(super) leases: Leases,
    /// Fires when the store is over, for whatever reason.
    pub(super) closed: CancellationToken,
    broken: AtomicBool,
}

impl Shared {
    pub(super) fn new(db: Database, tables: Tables, leases: Leases) -> Self {
        Shared {
            db: RwLock::new(Some(db)),
            tables,
            hub: Hub::default(),
            locks: Arc::default(),
            elections: Elections::default(),
            leases,
            closed: CancellationToken::new(),
            broken: AtomicBool::new(false),
        }
    }

    /// Reads a snapshot of now. redb trusts its file, and may panic at one that was damaged: that
    /// is an error too.
    pub(super) fn read<T>(
        &self,
        op: &'static str,
        what: impl FnOnce(&Reader<'_>) -> Result<T, redb::Error>,
    ) -> Result<T, Error> {
        let reader = self.reader(op)?;
        catch_unwind(AssertUnwindSafe(|| what(&reader)))
            .map_err(|_| damaged(op))?
            .map_err(|e| fault(op, e))
    }

    fn reader(&self, op: &'static str) -> Result<Reader<'_>, Error> {
        let db = self.db.read().unwrap_or_else(PoisonError::into_inner);
        let db = db.as_ref().ok_or_else(|| self.over(op))?;
        Ok(Reader {
            tables: &self.tables,
            leases: &self.leases,
            txn: db.begin_read().map_err(|e| fault(op, e))?,
        })
    }

    /// For the writer thread alone.
    pub(super) fn write(&self) -> Result<WriteTransaction, redb::Error> {
        let db = self.db.read().unwrap_or_else(PoisonError::into_inner);
        let db = db.as_ref().ok_or(redb::Error::DatabaseClosed)?;
        Ok(db.begin_write()?)
    }

    /// Why nothing more can be asked.
    pub(super) fn over(&self, op: &'static str) -> Error {
        if self.broken.load(Ordering::Acquire) {
            broken(op)
        } else {
            closed(op)
        }
    }

    /// Ends everything and lets go of the file, even of reads that go on.
    pub(super) fn close(&self, broken: bool) -> Result<(), Error> {
        self.broken.fetch_or(broken, Ordering::AcqRel);
        self.closed.cancel();
        self.hub.close();
        self.leases.close();
        let db = self
            .db
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        db.map_or(Ok(()), |db| db.close().map_err(|e| fault("close", e)))
    }
}
