//! `tracing`: a span around each call, in the trace that the caller began.

mod propagation;

use http::{HeaderMap, Request};
use opentelemetry::{
    TraceId,
    trace::{SpanContext, TraceContextExt as _},
};
use tonic::{Code, Status, body::Body};
use tracing::{Span, field::Empty};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use super::{Call, Middleware};
use crate::code;

#[derive(Debug)]
pub(crate) struct Tracing;

/// The span of one call.
pub(crate) struct CallSpan(Span);

impl Default for CallSpan {
    fn default() -> Self {
        Self(Span::none())
    }
}

impl Middleware for Tracing {
    type Options = ();
    type State = CallSpan;

    fn build(_options: &()) -> Self {
        Self
    }

    fn arrive(
        &self,
        call: &mut Call,
        state: &mut CallSpan,
        request: &mut Request<Body>,
    ) -> Result<(), Status> {
        state.0 = open(call.method(), request.headers());
        Ok(())
    }

    fn around<T>(&self, state: &mut CallSpan, poll: impl FnOnce() -> T) -> Result<T, Status> {
        Ok(state.0.in_scope(poll))
    }

    fn end(&self, call: &mut Call, state: &mut CallSpan, code: Code) {
        let span = &state.0;
        span.record("rpc.status_code", code::name(code));
        if code != Code::Ok {
            span.record("error.type", code::name(code));
        }
        if call.is_server_error(code) {
            span.record("otel.status_code", "ERROR");
        }
    }
}

/// Opens the span. The parent is set before anything enters it: afterwards it cannot be.
fn open(method: &str, headers: &HeaderMap) -> Span {
    let span = tracing::info_span!(
        target: "carml::rpc",
        "rpc",
        "otel.name" = method,
        "otel.kind" = "server",
        "otel.status_code" = Empty,
        "rpc.system.name" = "grpc",
        "rpc.method" = method,
        "rpc.status_code" = Empty,
        "error.type" = Empty,
        "trace_id" = Empty,
        "span_id" = Empty,
    );
    let parent = propagation::extract(headers);
    if let Some(parent) = &parent {
        // Fails if no tracer is installed.
        let _ =
            span.set_parent(opentelemetry::Context::new().with_remote_span_context(parent.clone()));
    }
    let context = span.context();
    let own = context.span().span_context().clone();
    if own.is_valid() {
        span.record("span_id", tracing::field::display(own.span_id()));
    }
    span.record(
        "trace_id",
        tracing::field::display(trace_id(&own, parent.as_ref())),
    );
    span
}

/// Without a tracer the lines of one call still belong together, and to the caller's trace.
fn trace_id(own: &SpanContext, parent: Option<&SpanContext>) -> TraceId {
    if own.is_valid() {
        own.trace_id()
    } else if let Some(parent) = parent {
        parent.trace_id()
    } else {
        TraceId::from(rand::random::<u128>())
    }
}
