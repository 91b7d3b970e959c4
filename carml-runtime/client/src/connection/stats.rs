//! How the calls to one instance ended.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// How the calls to one instance ended, whatever connection they were on.
#[derive(Debug, Default)]
pub(crate) struct Stats {
    begun: AtomicU64,
    /// Since somebody took them.
    succeeded: AtomicU64,
    failed: AtomicU64,
}

impl Stats {
    pub(crate) fn begun(&self) {
        self.begun.fetch_add(1, Relaxed);
    }

    pub(crate) fn ended(&self, is_success: bool) {
        match is_success {
            true => self.succeeded.fetch_add(1, Relaxed),
            false => self.failed.fetch_add(1, Relaxed),
        };
    }

    /// How many there were.
    pub(crate) fn all(&self) -> u64 {
        self.begun.load(Relaxed)
    }

    /// How many succeeded and failed since this was last asked.
    pub(crate) fn take(&self) -> (u64, u64) {
        (
            self.succeeded.swap(0, Relaxed),
            self.failed.swap(0, Relaxed),
        )
    }
}
