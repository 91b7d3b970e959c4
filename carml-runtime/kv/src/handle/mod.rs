//! The handle of a store.

mod calls;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    Error, ErrorKind, Observer,
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
    observer: Option<Arc<dyn Observer>>,
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
            observer: None,
        }
    }

    /// The same store, with somebody who measures the calls of this handle and its clones.
    #[must_use]
    pub fn observed(self, observer: Arc<dyn Observer>) -> Kv {
        Kv {
            observer: Some(observer),
            ..self
        }
    }

    /// The provider's name, as in the config.
    pub fn provider(&self) -> &'static str {
        self.backend.provider()
    }

    async fn read<T>(&self, op: &'static str, call: Answer<'_, T>) -> Result<T, Error> {
        self.within(ErrorKind::Unavailable, op, call).await
    }

    async fn write<T>(&self, op: &'static str, call: Answer<'_, T>) -> Result<T, Error> {
        self.within(ErrorKind::Indeterminate, op, call).await
    }

    /// Ends the call at the deadline, with an error of the kind `late`.
    async fn within<T>(
        &self,
        late: ErrorKind,
        op: &'static str,
        call: Answer<'_, T>,
    ) -> Result<T, Error> {
        let begun = self.observer.as_ref().map(|_| Instant::now());
        let answer = tokio::time::timeout(self.timeout, call).await;
        let answer = answer.unwrap_or_else(|_| Err(self.late(late, op)));
        if let (Some(observer), Some(begun)) = (&self.observer, begun) {
            let error = answer.as_ref().err().map(|error| error.kind);
            observer.ended(op, error, begun.elapsed());
        }
        answer
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
