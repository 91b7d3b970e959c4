//! The dynamic handle.

mod calls;

use std::{sync::Arc, time::Duration};

use super::{
    Error, ErrorKind,
    contract::{Answer, Backend},
};

/// A store, whichever backend the config named. Cheap to clone. Every operation but the waiting
/// ones (`acquire`, reading a watch) ends within the deadline (`registry.timeout`).
#[derive(Clone)]
pub struct Kv {
    backend: Arc<dyn Backend>,
    timeout: Duration,
}

impl std::fmt::Debug for Kv {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kv")
            .field("provider", &self.provider())
            .finish_non_exhaustive()
    }
}

impl Kv {
    /// A handle on a backend; `timeout` bounds each operation.
    pub fn new(backend: impl Backend, timeout: Duration) -> Kv {
        Kv {
            backend: Arc::new(backend),
            timeout,
        }
    }

    /// The provider's name, as in the config.
    pub fn provider(&self) -> &'static str {
        self.backend.provider()
    }

    async fn read<T>(&self, op: &'static str, call: Answer<'_, T>) -> Result<T, Error> {
        tokio::time::timeout(self.timeout, call)
            .await
            .unwrap_or_else(|_| Err(self.late(ErrorKind::Unavailable, op)))
    }

    async fn write<T>(&self, op: &'static str, call: Answer<'_, T>) -> Result<T, Error> {
        tokio::time::timeout(self.timeout, call)
            .await
            .unwrap_or_else(|_| Err(self.late(ErrorKind::Indeterminate, op)))
    }

    fn late(&self, kind: ErrorKind, op: &'static str) -> Error {
        Error::new(
            kind,
            op,
            format!("no answer within {:?} (registry.timeout)", self.timeout),
        )
        .with_backend(self.provider())
    }
}
