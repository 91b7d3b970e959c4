//! Who measures the calls of a store, and their spans.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tracing::{Span, field::Empty};

use crate::{Error, ErrorKind, Key};

/// Is told of the calls of a [`Store`](crate::Store).
pub trait Observer: Send + Sync + 'static {
    /// A call has ended, with an error of this kind if it failed. A get ends with its stream.
    fn ended(&self, call: &Ended);
}

/// A call that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ended {
    /// Its name: `put`, `get`, `stat`, `delete`.
    pub call: &'static str,
    /// The class of its failure.
    pub error: Option<ErrorKind>,
    /// How long it took.
    pub duration: Duration,
    /// The bytes of the object that it has written or read.
    pub bytes: u64,
}

/// A call, in a span, until it ends. One that is dropped before was cancelled.
pub(crate) struct Call {
    name: &'static str,
    begun: Instant,
    span: Span,
    observer: Option<Arc<dyn Observer>>,
    bytes: u64,
    is_ended: bool,
}

impl Call {
    /// A call on a key, or on several.
    pub(crate) fn begin(
        name: &'static str,
        provider: &'static str,
        key: Option<&Key>,
        observer: Option<Arc<dyn Observer>>,
    ) -> Self {
        let span = tracing::info_span!(
            target: "carml::store",
            "store",
            "otel.name" = format_args!("store {name}"),
            "otel.kind" = "client",
            "otel.status_code" = Empty,
            "store.provider" = provider,
            "store.key" = key.map(Key::as_str),
            "store.bytes" = Empty,
            "error.type" = Empty,
        );
        Self {
            name,
            begun: Instant::now(),
            span,
            observer,
            bytes: 0,
            is_ended: false,
        }
    }

    /// What its work is done in.
    pub(crate) fn span(&self) -> Span {
        self.span.clone()
    }

    /// Adds bytes that it has written or read.
    pub(crate) fn add(&mut self, bytes: u64) {
        self.bytes += bytes;
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Ends it with this result.
    pub(crate) fn end<T>(self, result: Result<T, Error>) -> Result<T, Error> {
        self.ended(result.as_ref().err().map(|error| error.kind));
        result
    }

    /// Ends it, with an error of this kind if it failed.
    pub(crate) fn ended(mut self, error: Option<ErrorKind>) {
        self.report(error);
    }

    fn report(&mut self, error: Option<ErrorKind>) {
        self.is_ended = true;
        if let Some(error) = error {
            self.span.record("error.type", error.as_str());
            self.span.record("otel.status_code", "ERROR");
        }
        if self.bytes > 0 {
            self.span.record("store.bytes", self.bytes);
        }
        if let Some(observer) = &self.observer {
            observer.ended(&Ended {
                call: self.name,
                error,
                duration: self.begun.elapsed(),
                bytes: self.bytes,
            });
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if !self.is_ended {
            self.report(Some(ErrorKind::Cancelled));
        }
    }
}
