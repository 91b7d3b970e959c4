//! The tracer's provider `zipkin`.

mod sampler;
mod span;

use std::{fmt, sync::Arc, time::Duration};

use carml_config::model;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{SdkTracer, SdkTracerProvider, Span, SpanData, SpanProcessor},
};

use self::sampler::Sampler;
use super::run::{Failure, Refused, Sink};
use crate::{
    Error,
    http::{Client, excerpt},
    queue::{Batch, Queue},
};

/// The port of a collector.
const PORT: u16 = 9411;

/// The largest request.
const MAX_SPANS: usize = 512;

/// Sends finished spans to a collector.
pub(super) struct Zipkin(Client);

impl Zipkin {
    pub(super) fn new(settings: &model::Tracer) -> Result<Self, Error> {
        Client::new(Self::NAME, &settings.endpoints, PORT, None, None).map(Self)
    }
}

impl Sink for Zipkin {
    const NAME: &'static str = "the tracer's provider `zipkin`";
    const LINGER: Duration = Duration::from_secs(1);

    async fn send(&mut self, batch: &mut Batch, refused: &mut Refused) -> Result<(), Failure> {
        while !batch.is_empty() {
            let mut body = vec![b'['];
            let mut count = 0;
            for span in batch.lines().take(MAX_SPANS) {
                if count > 0 {
                    body.push(b',');
                }
                body.extend_from_slice(span);
                count += 1;
            }
            body.push(b']');
            let answer = self
                .0
                .post("/api/v2/spans", "application/json", &body)
                .await;
            let (status, answer) = answer.map_err(Failure::new)?;
            let reason = || format!("{status}: {}", excerpt(&answer));
            if status.is_server_error() || status.as_u16() == 429 {
                return Err(Failure::new(reason()));
            }
            batch.remove_first(count);
            if !status.is_success() {
                refused.add(count, reason);
            }
        }
        Ok(())
    }
}

/// Makes spans, and puts the finished ones into the queue.
pub(crate) struct Tracer(SdkTracerProvider);

impl Tracer {
    pub(super) fn new(app: &str, settings: &model::Tracer, queue: Arc<Queue>) -> Self {
        let processor = Processor {
            service: app.to_lowercase(),
            queue,
        };
        let provider = SdkTracerProvider::builder()
            .with_sampler(Sampler::new(settings.sample_ratio))
            .with_span_processor(processor)
            .build();
        Self(provider)
    }

    pub(super) fn tracer(&self) -> SdkTracer {
        self.0.tracer("carml")
    }
}

/// Writes each span as its thread ends it: that is a copy of its parts, and no request.
struct Processor {
    service: String,
    queue: Arc<Queue>,
}

impl fmt::Debug for Processor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Processor")
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}

impl SpanProcessor for Processor {
    fn on_start(&self, _span: &mut Span, _context: &opentelemetry::Context) {}

    fn on_end(&self, span: SpanData) {
        if span.span_context.is_sampled() {
            let mut out = Vec::with_capacity(1024);
            span::write(&mut out, &self.service, &span);
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
