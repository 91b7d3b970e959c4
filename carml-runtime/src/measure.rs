//! What the stores and the downloads of a service count, for `/metrics`.

#[cfg(any(feature = "download", feature = "store"))]
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::{sync::Arc, time::Duration};

use carml_telemetry::metrics::{Exposition, Kind, Metrics, Timings};

use crate::kv::{self, Kv};

struct KvCalls {
    provider: &'static str,
    timings: Timings,
}

impl kv::Observer for KvCalls {
    fn ended(&self, call: &'static str, error: Option<kv::ErrorKind>, duration: Duration) {
        let error = error.map(kv::ErrorKind::as_str);
        observe(&self.timings, self.provider, call, error, duration);
    }
}

/// The same store, whose calls are measured.
pub(crate) fn kv(kv: Kv, metrics: &Metrics) -> Kv {
    let calls = Arc::new(KvCalls {
        provider: kv.provider(),
        timings: Timings::default(),
    });
    let source = Arc::clone(&calls);
    metrics.register(move |out: &mut Exposition| {
        source.timings.write(&mut out.family(
            "carml_kv_call_duration_seconds",
            Kind::Histogram,
            "How long calls of the key/value store took.",
        ));
    });
    kv.observed(calls)
}

/// Counts a call of a store.
fn observe(
    timings: &Timings,
    provider: &'static str,
    call: &'static str,
    error: Option<&'static str>,
    duration: Duration,
) {
    let labels = [
        ("provider", provider),
        ("call", call),
        ("error_type", error.unwrap_or_default()),
    ];
    let count = labels.len() - usize::from(error.is_none());
    timings.observe(&labels[..count], duration);
}

#[cfg(feature = "store")]
struct StoreCalls {
    provider: &'static str,
    timings: Timings,
    read: AtomicU64,
    written: AtomicU64,
}

#[cfg(feature = "store")]
impl crate::store::Observer for StoreCalls {
    fn ended(&self, call: &crate::store::Ended) {
        let bytes = match call.call {
            "put" => &self.written,
            _ => &self.read,
        };
        bytes.fetch_add(call.bytes, Relaxed);
        let error = call.error.map(crate::store::ErrorKind::as_str);
        observe(
            &self.timings,
            self.provider,
            call.call,
            error,
            call.duration,
        );
    }
}

/// The same store, whose calls are measured.
#[cfg(feature = "store")]
pub(crate) fn store(store: crate::store::Store, metrics: &Metrics) -> crate::store::Store {
    let calls = Arc::new(StoreCalls {
        provider: store.provider(),
        timings: Timings::default(),
        read: AtomicU64::new(0),
        written: AtomicU64::new(0),
    });
    let source = Arc::clone(&calls);
    metrics.register(move |out: &mut Exposition| {
        source.timings.write(&mut out.family(
            "carml_store_call_duration_seconds",
            Kind::Histogram,
            "How long calls of the object store took, a get to the end of its stream.",
        ));
        for (name, bytes, help) in [
            (
                "carml_store_read_bytes_total",
                &source.read,
                "Bytes of objects that were read.",
            ),
            (
                "carml_store_written_bytes_total",
                &source.written,
                "Bytes of objects that were written.",
            ),
        ] {
            let mut family = out.family(name, Kind::Counter, help);
            family.value(&[("provider", source.provider)], bytes.load(Relaxed) as f64);
        }
    });
    store.observed(calls)
}

#[cfg(feature = "download")]
#[derive(Default)]
struct Fetches {
    timings: Timings,
    received: AtomicU64,
}

#[cfg(feature = "download")]
impl crate::download::Observer for Fetches {
    fn received(&self, bytes: u64) {
        self.received.fetch_add(bytes, Relaxed);
    }

    fn ended(
        &self,
        result: Result<&crate::download::Cached, &crate::download::Error>,
        duration: Duration,
    ) {
        let label = match result {
            Ok(cached) => ("source", cached.source.as_str()),
            Err(error) => ("error_type", error.kind.as_str()),
        };
        self.timings.observe(&[label], duration);
    }
}

/// Measures the downloads.
#[cfg(feature = "download")]
pub(crate) fn downloads(downloads: &crate::download::Downloads, metrics: &Metrics) {
    let fetches = Arc::<Fetches>::default();
    downloads.observe(Arc::clone(&fetches) as _);
    metrics.register(move |out: &mut Exposition| {
        fetches.timings.write(&mut out.family(
            "carml_download_duration_seconds",
            Kind::Histogram,
            "How long downloads took, by where the file was.",
        ));
        let mut family = out.family(
            "carml_download_received_bytes_total",
            Kind::Counter,
            "Bytes that arrived for downloads.",
        );
        family.value(&[], fetches.received.load(Relaxed) as f64);
    });
}
