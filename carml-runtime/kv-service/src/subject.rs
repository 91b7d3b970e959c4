//! What the errors of a call are about.

use carml_runtime::kv::{Error, ErrorKind, Key, Kv};
use tonic::Status;

/// A call and its key, which the `ErrorInfo` of each of its errors names.
#[derive(Clone, Debug)]
pub struct Subject {
    backend: &'static str,
    call: &'static str,
    key: Option<String>,
}

impl Subject {
    /// A call of a store.
    pub(crate) fn new(kv: &Kv, call: &'static str) -> Self {
        Self {
            backend: kv.provider(),
            call,
            key: None,
        }
    }

    /// Another call.
    pub(crate) fn called(self, call: &'static str) -> Self {
        Self { call, ..self }
    }

    /// About a key, as the client sent it.
    pub(crate) fn on(self, key: String) -> Self {
        Self {
            key: Some(key),
            ..self
        }
    }

    /// The key, if it is valid.
    pub(crate) fn key(&self) -> Result<Key, Status> {
        self.of(Key::parse(self.text()))
    }

    /// The directory of this name; `None` for the whole namespace.
    pub(crate) fn directory(&self) -> Result<Option<Key>, Status> {
        self.of(Key::parse_dir(self.text()))
    }

    fn text(&self) -> &str {
        self.key.as_deref().unwrap_or_default()
    }

    /// The result of the call.
    pub(crate) fn of<T>(&self, result: Result<T, Error>) -> Result<T, Status> {
        result.map_err(|error| self.status(error))
    }

    /// The status of an error of the call.
    pub(crate) fn status(&self, mut error: Error) -> Status {
        error.op = self.call;
        error.backend = error.backend.or(Some(self.backend));
        let key = error.key.take().or_else(|| self.key.clone());
        error.key = key.filter(|key| !key.is_empty()).map(shortened);
        error.into()
    }

    /// Refuses the call. Nothing was done.
    pub(crate) fn refuse(&self, kind: ErrorKind, why: impl Into<String>) -> Status {
        self.status(Error::new(kind, self.call, why))
    }

    /// Adds the `ErrorInfo` to the status that ends a stream in a drain.
    pub(crate) fn drained(&self, status: Status) -> Status {
        if !status.details().is_empty() {
            return status;
        }
        let details = self.refuse(ErrorKind::Closed, status.message());
        Status::with_details(
            status.code(),
            status.message(),
            details.details().to_vec().into(),
        )
    }
}

/// A key that is too long is not sent back whole: it would not fit into the headers.
fn shortened(mut key: String) -> String {
    if key.len() > Key::MAX_BYTES {
        key.truncate(key.floor_char_boundary(Key::MAX_BYTES));
        key.push('\u{2026}');
    }
    key
}
