//! The embedded store, in a file of its own.
use std::{sync::Mutex, time::Duration};

use carml_runtime::kv::{Kv, redb::Redb};

use crate::Fixture;

/// A file in a directory that goes with it.
pub struct RedbFile {
    dir: tempfile::TempDir,
    open: Mutex<Option<Redb>>,
}

impl RedbFile {
    /// The store itself, opened.
    pub fn store(&self) -> Redb {
        let store = Redb::open(self.dir.path().join("kv"), "conformance").unwrap();
        *self.open.lock().unwrap() = Some(store.clone());
        store
    }
}

impl Fixture for RedbFile {
    const MIN_TTL: Duration = Duration::from_millis(100);
    const HISTORY: Option<usize> = Some(10_257);
    const BACKLOG: Option<usize> = Some(1_100);

    async fn fresh() -> Self {
        RedbFile {
            dir: tempfile::tempdir().unwrap(),
            open: Mutex::new(None),
        }
    }
    async fn open(&self) -> Kv {
        Kv::new(self.store(), Duration::from_secs(10))
    }
    fn open_handles(&self) -> Option<usize> {
        let store = self.open.lock().unwrap();
        store.as_ref().map(|store| {
            let (watches, queues) = store.open_handles();
            watches + queues
        })
    }
}
