//! The tables of a namespace, and reads from them.
//!
//! `data` (key → revision, lease, value), `log` (revision → its events, bounded), `leases` (id →
//! ttl in ms), `leased` (lease, key), `meta` (`revision`: the counter that never repeats; `floor`:
//! the last revision removed from the log; `log_bytes`). Each write is one transaction, so the
//! counter, the rows and the log always agree.

use std::ops::Bound;

use redb::{ReadTransaction, TableDefinition, WriteTransaction};

use super::{codec, leases::Leases, watchers::Scope};
use carml_kv::{Entry, Event, Key, ListOptions, Page, Revision};

pub(super) struct Tables([String; 5]);

impl Tables {
    pub(super) fn new(bucket: &str) -> Self {
        Tables(["data", "log", "leases", "leased", "meta"].map(|table| format!("{bucket}:{table}")))
    }
    pub(super) fn data(&self) -> TableDefinition<'_, &'static str, &'static [u8]> {
        TableDefinition::new(&self.0[0])
    }
    pub(super) fn log(&self) -> TableDefinition<'_, u64, &'static [u8]> {
        TableDefinition::new(&self.0[1])
    }
    pub(super) fn leases(&self) -> TableDefinition<'_, u64, u64> {
        TableDefinition::new(&self.0[2])
    }
    pub(super) fn leased(&self) -> TableDefinition<'_, (u64, &'static str), ()> {
        TableDefinition::new(&self.0[3])
    }
    pub(super) fn meta(&self) -> TableDefinition<'_, &'static str, u64> {
        TableDefinition::new(&self.0[4])
    }

    /// Creates the missing tables.
    pub(super) fn create(&self, txn: &WriteTransaction) -> Result<(), redb::Error> {
        txn.open_table(self.data())?;
        txn.open_table(self.log())?;
        txn.open_table(self.leases())?;
        txn.open_table(self.leased())?;
        txn.open_table(self.meta())?;
        Ok(())
    }
}

/// Reads from one snapshot. A row whose lease has ended is treated as absent.
pub(super) struct Reader<'a> {
    pub(super) tables: &'a Tables,
    pub(super) leases: &'a Leases,
    pub(super) txn: &'a ReadTransaction,
}

/// A part of the log.
pub(super) enum History {
    /// The changes, and the revision up to which they are complete.
    Events(Vec<(Revision, Vec<Event>)>, u64),
    /// The log no longer contains that revision.
    Gone,
}

impl Reader<'_> {
    fn meta(&self, row: &str) -> Result<u64, redb::Error> {
        let meta = self.txn.open_table(self.tables.meta())?;
        Ok(meta.get(row)?.map_or(0, |v| v.value()))
    }
    pub(super) fn revision(&self) -> Result<Revision, redb::Error> {
        self.meta("revision").map(Revision)
    }
    pub(super) fn floor(&self) -> Result<Revision, redb::Error> {
        self.meta("floor").map(Revision)
    }
    pub(super) fn entry(&self, key: &Key) -> Result<Option<Entry>, redb::Error> {
        let data = self.txn.open_table(self.tables.data())?;
        match data.get(key.as_str())? {
            Some(row) => self.live(key.as_str(), row.value()),
            None => Ok(None),
        }
    }
    pub(super) fn exists(&self, key: &Key) -> Result<bool, redb::Error> {
        let data = self.txn.open_table(self.tables.data())?;
        match data.get(key.as_str())? {
            Some(row) => Ok(self.leases.alive(codec::head(key.as_str(), row.value())?.1)),
            None => Ok(false),
        }
    }
    fn live(&self, key: &str, row: &[u8]) -> Result<Option<Entry>, redb::Error> {
        let (_, lease) = codec::head(key, row)?;
        if self.leases.alive(lease) {
            codec::entry(key, row).map(Some)
        } else {
            Ok(None)
        }
    }

    /// A part of the entries within the scope of a watch, after a key, and whether more follow.
    pub(super) fn entries(
        &self,
        scope: &Scope,
        after: Option<&Key>,
    ) -> Result<(Vec<Entry>, bool), redb::Error> {
        const BYTES: usize = 1 << 20;
        let data = self.txn.open_table(self.tables.data())?;
        let (mut entries, mut bytes) = (Vec::new(), 0);
        let start = after.map_or(Bound::Included(scope.start()), |after| {
            Bound::Excluded(after.as_str())
        });
        for row in data.range::<&str>((start, Bound::Unbounded))? {
            let (key, row) = row?;
            if !scope.contains(key.value()) {
                break;
            }
            if bytes >= BYTES {
                return Ok((entries, true));
            }
            bytes += key.value().len() + row.value().len();
            entries.extend(self.live(key.value(), row.value())?);
        }
        Ok((entries, false))
    }

    pub(super) fn page(&self, prefix: &str, options: &ListOptions) -> Result<Page, redb::Error> {
        let data = self.txn.open_table(self.tables.data())?;
        let mut page = Page {
            revision: self.revision()?,
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
            let Some(entry) = self.live(key.value(), row.value())? else {
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

    /// A part of the changes after one revision, up to another, in bounded memory.
    pub(super) fn history(
        &self,
        scope: &Scope,
        after: u64,
        upto: u64,
    ) -> Result<History, redb::Error> {
        const ROWS: usize = 512;
        const BYTES: usize = 1 << 20;
        if after < self.floor()?.0 {
            return Ok(History::Gone);
        }
        let log = self.txn.open_table(self.tables.log())?;
        let (mut found, mut rows, mut bytes) = (Vec::new(), 0, 0);
        for row in log.range(after + 1..=upto)? {
            let (revision, record) = row?;
            let revision = revision.value();
            let mut events = codec::events(revision, record.value())?;
            (rows, bytes) = (rows + 1, bytes + record.value().len());
            events.retain(|e| scope.contains(e.key().as_str()));
            if !events.is_empty() {
                found.push((Revision(revision), events));
            }
            if rows >= ROWS || bytes >= BYTES {
                return Ok(History::Events(found, revision));
            }
        }
        Ok(History::Events(found, upto))
    }
}
