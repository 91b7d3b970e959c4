//! How often connections began and ended.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// How often connections of a target began and ended, and instances were ejected.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    connected: AtomicU64,
    disconnected: AtomicU64,
    failed: AtomicU64,
    ejected: AtomicU64,
}

impl Counts {
    /// A connection began, which ends when this is dropped.
    pub(crate) fn connected(&self) -> Open<'_> {
        self.connected.fetch_add(1, Relaxed);
        Open(self)
    }

    pub(crate) fn failed(&self) {
        self.failed.fetch_add(1, Relaxed);
    }

    pub(super) fn ejected(&self) {
        self.ejected.fetch_add(1, Relaxed);
    }

    /// Open connections, those that ended, attempts that failed, and ejections.
    pub(crate) fn read(&self) -> [u64; 4] {
        let disconnected = self.disconnected.load(Relaxed);
        let connected = self.connected.load(Relaxed);
        let open = connected.saturating_sub(disconnected);
        let failed = self.failed.load(Relaxed);
        [open, disconnected, failed, self.ejected.load(Relaxed)]
    }
}

/// A connection that is open.
#[derive(Debug)]
pub(crate) struct Open<'a>(&'a Counts);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.disconnected.fetch_add(1, Relaxed);
    }
}
