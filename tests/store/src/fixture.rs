//! Stores to check.

use carml_store::{Store, StoreOptions, fs::Fs, memory::Memory};
use tempfile::TempDir;

/// A store of its own for one check.
pub trait Fixture: Sized + Send + Sync {
    /// An empty store.
    fn new() -> impl Future<Output = Self> + Send;

    /// A handle on it, as another process would have it.
    fn store(&self, options: &StoreOptions) -> Store;
}

/// Provider `memory`.
pub struct InMemory(Memory);

impl Fixture for InMemory {
    async fn new() -> Self {
        Self(Memory::new())
    }

    fn store(&self, options: &StoreOptions) -> Store {
        Store::new(self.0.clone(), options).unwrap()
    }
}

/// Provider `fs`.
pub struct FsFolder(TempDir);

impl FsFolder {
    /// The folder of the store.
    pub fn path(&self) -> std::path::PathBuf {
        self.0.path().join("objects")
    }
}

impl Fixture for FsFolder {
    async fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn store(&self, options: &StoreOptions) -> Store {
        Store::new(Fs::open(self.path(), true).unwrap(), options).unwrap()
    }
}
