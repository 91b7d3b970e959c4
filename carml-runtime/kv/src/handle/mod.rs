//! The handle of a store.

mod calls;

use std::{sync::Arc, time::Duration};

use crate::{
    Error, ErrorKind,
    contract::{Answer, Backend},
};

/// A key/value store on any backend. Cheap to clone. Every call ends within the deadline
/// (`registry.timeout`), except those that wait: `acquire`, `campaign` and reading a watch.
///
/// ```
/// use carml_kv::{Error, ErrorKind, Kv};
///
/// /// Adds one to a counter that several processes share.
/// async fn increment(kv: &Kv) -> Result<u64, Error> {
///     loop {
///         let entry = kv.get(&"visits".parse()?).await?;
///         let text = entry.as_ref().map(|entry| String::from_utf8_lossy(&entry.value));
///         let visits = text.map_or(0, |text| text.parse().unwrap_or(0)) + 1;
///         let expected = entry.as_ref().map(|entry| entry.revision);
///         let key = "visits".parse()?;
///         match kv.atomic_put(key, visits.to_string(), expected, None).await {
///             Ok(_) => return Ok(visits),
///             // Another process was faster: read again.
///             Err(error) if error.kind == ErrorKind::Conflict => {}
///             Err(error) => return Err(error),
///         }
///     }
/// }
/// ```
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
    /// A handle of a backend; `timeout` limits each call.
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
