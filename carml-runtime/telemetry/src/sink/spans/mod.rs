//! Spans, from their end to the queue of the collector.

mod sampler;

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use opentelemetry::{KeyValue, trace::TracerProvider as _};
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{SdkTracer, SdkTracerProvider, Span, SpanData, SpanProcessor},
};

use self::sampler::{DEBUG, Sampler};
use crate::queue::Queue;

/// Adds a span to the buffer, as a collector takes it.
pub(super) type Encode = Box<dyn Fn(&mut Vec<u8>, &SpanData) + Send + Sync>;

/// Makes spans, and puts the finished ones into the queue.
pub(crate) struct Tracer(SdkTracerProvider);

impl Tracer {
    pub(super) fn new(sample_ratio: f64, queue: Arc<Queue>, encode: Encode) -> Self {
        let provider = SdkTracerProvider::builder()
            .with_sampler(Sampler::new(sample_ratio))
            .with_span_processor(Processor { encode, queue })
            .build();
        Self(provider)
    }

    pub(super) fn tracer(&self) -> SdkTracer {
        self.0.tracer("carml")
    }
}

/// Writes each span as its thread ends it: that is a copy of its parts, and no request.
struct Processor {
    encode: Encode,
    queue: Arc<Queue>,
}

impl fmt::Debug for Processor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Processor").finish_non_exhaustive()
    }
}

impl SpanProcessor for Processor {
    fn on_start(&self, _span: &mut Span, _context: &opentelemetry::Context) {}

    fn on_end(&self, span: SpanData) {
        if span.span_context.is_sampled() {
            let mut out = Vec::with_capacity(1024);
            (self.encode)(&mut out, &span);
            self.queue.push(&out);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// Attributes that are not sent: what is for the exporter, and the ids, which log lines take from
/// the fields of the span.
const OWN: [&str; 4] = [DEBUG, "trace_id", "span_id", "trace_flags"];

/// The attributes of a span.
pub(super) fn attributes(data: &SpanData) -> impl Iterator<Item = &KeyValue> {
    let all = data.attributes.iter();
    all.filter(|attribute| !OWN.contains(&attribute.key.as_str()))
}

/// Whether the caller asked for Zipkin's `debug`.
#[cfg(feature = "zipkin")]
pub(super) fn is_debug(data: &SpanData) -> bool {
    let mut all = data.attributes.iter();
    all.any(|attribute| attribute.key.as_str() == DEBUG)
}

/// The time since 1970.
pub(super) fn since_epoch(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}
