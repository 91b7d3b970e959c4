//! `tracing`: a span around each call, in the trace that the caller began.

mod hex;
mod propagation;

use http::{HeaderMap, Request};
use opentelemetry::{
    Context, TraceFlags,
    trace::{SpanContext, TraceContextExt as _},
};
use tonic::{Code, Status, body::Body};
use tracing::{Span, field::Empty};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use super::{Call, Middleware};
use crate::code;
use carml_telemetry::Decision;
use propagation::Parent;

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

    fn begin(&self, call: &mut Call, request: &Request<Body>) {
        call.span = Some(open(call, request.headers()));
    }

    fn arrive(
        &self,
        call: &mut Call,
        state: &mut CallSpan,
        _request: &mut Request<Body>,
    ) -> Result<(), Status> {
        if let Some(span) = &call.span {
            state.0 = span.clone();
        }
        Ok(())
    }

    fn around<T>(&self, state: &mut CallSpan, poll: impl FnOnce() -> T) -> Result<T, Status> {
        Ok(state.0.in_scope(poll))
    }

    fn end(&self, call: &mut Call, state: &mut CallSpan, code: Code) {
        let span = &state.0;
        span.record("rpc.status_code", code::name(code));
        if let Some(error) = call.error_type(code) {
            span.record("error.type", error);
            span.record("otel.status_code", "ERROR");
        }
    }
}

/// Opens the span. The parent is set before anything enters it: afterwards it cannot be.
fn open(call: &Call, headers: &HeaderMap) -> Span {
    let unknown = call.unknown_method();
    let span = tracing::info_span!(
        target: "carml::rpc",
        "rpc",
        "otel.name" = if unknown.is_some() { "grpc" } else { call.method() },
        "otel.kind" = "server",
        "otel.status_code" = Empty,
        "rpc.system.name" = "grpc",
        "rpc.method" = call.method(),
        "rpc.method_original" = unknown,
        "rpc.status_code" = Empty,
        "error.type" = Empty,
        "server.address" = call.uri.host(),
        "server.port" = call.uri.port_u16(),
        "network.peer.address" = call.peer.map(|peer| tracing::field::display(peer.ip())),
        "network.peer.port" = call.peer.map(|peer| peer.port()),
        "trace_id" = Empty,
        "span_id" = Empty,
        "trace_flags" = Empty,
    );
    if span.is_disabled() {
        return span;
    }
    let parent = propagation::extract(headers);
    if let Some(parent) = &parent {
        // Fails if no tracer is installed.
        let _ = span.set_parent(context(parent));
    }
    let made = span.context();
    let made = made.span().span_context().clone();
    let (trace, id, flags) = if made.is_valid() {
        (
            made.trace_id().to_bytes(),
            made.span_id().to_bytes(),
            made.trace_flags(),
        )
    } else {
        without_tracer(parent.as_ref())
    };
    let (trace, id, flags) = (hex::of(trace), hex::of(id), hex::of([flags.to_u8()]));
    tracing::record_all!(
        span,
        "trace_id" = hex::text(&trace),
        "span_id" = hex::text(&id),
        "trace_flags" = hex::text(&flags),
    );
    span
}

/// The parent as the tracer takes it.
fn context(parent: &Parent) -> Context {
    let mut context = Context::new();
    if let Some(span) = &parent.span {
        context = context.with_remote_span_context(span.clone());
    }
    match parent.decision {
        Some(decision) => context.with_value(decision),
        None => context,
    }
}

/// Ids without a tracer: the lines of one call still belong together, and to the caller's trace.
fn without_tracer(parent: Option<&Parent>) -> ([u8; 16], [u8; 8], TraceFlags) {
    let caller = parent.and_then(|parent| parent.span.as_ref());
    let trace = caller.map_or_else(rand::random, |caller| caller.trace_id().to_bytes());
    let flags = match parent.and_then(|parent| parent.decision) {
        Some(Decision::Record | Decision::Debug) => TraceFlags::SAMPLED,
        Some(Decision::Drop) => TraceFlags::default(),
        None => caller.map(SpanContext::trace_flags).unwrap_or_default(),
    };
    (trace, rand::random(), flags)
}
