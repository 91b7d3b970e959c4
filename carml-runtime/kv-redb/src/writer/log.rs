//! The bounded log of changes, and its counters.

use redb::{ReadableTable, ReadableTableMetadata, Table, WriteTransaction};

use carml_kv::{Event, Revision};

use crate::{codec, tables::Tables};

/// The log keeps at most this many revisions and bytes.
const MAX_REVISIONS: u64 = 10_000;
const MAX_BYTES: u64 = 64 << 20;
/// It is trimmed once it exceeds the limits by this much: removing many revisions at once costs
/// little more than removing one.
const SLACK_REVISIONS: u64 = 256;
const SLACK_BYTES: u64 = 1 << 20;

pub(super) struct Log<'t> {
    meta: Table<'t, &'static str, u64>,
    log: Table<'t, u64, &'static [u8]>,
}

impl<'t> Log<'t> {
    pub(super) fn open(tables: &Tables, txn: &'t WriteTransaction) -> Result<Self, redb::Error> {
        Ok(Log {
            meta: txn.open_table(tables.meta())?,
            log: txn.open_table(tables.log())?,
        })
    }

    fn counter(&self, name: &str) -> Result<u64, redb::Error> {
        Ok(self.meta.get(name)?.map_or(0, |v| v.value()))
    }

    pub(super) fn revision(&self) -> Result<u64, redb::Error> {
        self.counter("revision")
    }

    /// Appends the changes up to a revision and removes the oldest.
    pub(super) fn append(
        mut self,
        revision: u64,
        changes: &[(Revision, Vec<Event>)],
    ) -> Result<(), redb::Error> {
        self.meta.insert("revision", revision)?;
        if changes.is_empty() {
            return Ok(());
        }
        let mut bytes = self.counter("log_bytes")?;
        for (revision, events) in changes {
            let record = codec::record(events);
            bytes += record.len() as u64;
            self.log.insert(revision.0, record.as_slice())?;
        }
        let floor = self.trim(&mut bytes)?;
        if let Some(floor) = floor {
            self.meta.insert("floor", floor)?;
        }
        self.meta.insert("log_bytes", bytes)?;
        Ok(())
    }

    /// Trims the log; the last revision that was removed.
    fn trim(&mut self, bytes: &mut u64) -> Result<Option<u64>, redb::Error> {
        if self.log.len()? <= MAX_REVISIONS + SLACK_REVISIONS && *bytes <= MAX_BYTES + SLACK_BYTES {
            return Ok(None);
        }
        let mut floor = None;
        while self.log.len()? > MAX_REVISIONS || *bytes > MAX_BYTES {
            let Some((revision, record)) = self.log.pop_first()? else {
                break;
            };
            *bytes = bytes.saturating_sub(record.value().len() as u64);
            floor = Some(revision.value());
        }
        Ok(floor)
    }
}
