//! `tracing`: a span around each call, in the trace that its caller began.

mod hex;
mod propagation;

use carml_config::chain::Side;
use http::Request;
use opentelemetry::{
    Context, SpanId, TraceFlags, TraceId,
    trace::{SpanContext, TraceContextExt as _},
};
use tonic::{Code, Status, body::Body};
use tracing::{Span, field::Empty};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use carml_config::model::{self, Propagation};
use carml_telemetry::Decision;

use super::{Call, Middleware, Place, Refusal, selection::Selection};
use crate::{CallContext, code};
use propagation::Parent;

#[derive(Debug)]
pub(crate) struct Tracing {
    exclude: Selection,
    propagation: Vec<Propagation>,
}

/// The span of one call.
pub(crate) struct CallSpan(Span);

impl Default for CallSpan {
    fn default() -> Self {
        Self(Span::none())
    }
}

impl Middleware for Tracing {
    type Options = model::Tracing;
    type State = CallSpan;

    fn build(options: &model::Tracing, place: &Place) -> Result<Self, Refusal> {
        Ok(Self {
            exclude: Selection::new("exclude", &options.exclude, place)?,
            propagation: place.trace_headers(),
        })
    }

    fn begin(&self, call: &mut Call, request: &Request<Body>) {
        if self.exclude.has(call) {
            return;
        }
        let parent = match call.side {
            Side::Server => propagation::extract(request.headers()),
            Side::Client => of_handled_call(),
        };
        let decision = parent.as_ref().and_then(|parent| parent.decision);
        if decision == Some(Decision::Debug) {
            call.context.set_debug();
        }
        let (span, context) = open(call, parent.as_ref());
        call.span = Some(span);
        if let Some(context) = context.or(parent.and_then(|parent| parent.span)) {
            call.context.set_trace(context);
        }
    }

    fn arrive(
        &self,
        call: &mut Call,
        state: &mut CallSpan,
        request: &mut Request<Body>,
    ) -> Result<(), Status> {
        if let Some(span) = &call.span {
            state.0 = span.clone();
        }
        if let (Side::Client, Some(context)) = (call.side, call.context.trace()) {
            let is_debug = call.context.is_debug();
            for form in &self.propagation {
                propagation::inject(*form, context, is_debug, request.headers_mut());
            }
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

/// The span of the call that is being handled, which begins this one.
fn of_handled_call() -> Option<Parent> {
    let current = Span::current().context();
    let current = current.span().span_context().clone();
    let handled = CallContext::current();
    let span = match current.is_valid() {
        true => Some(current),
        false => handled.trace().cloned(),
    };
    span.map(|span| Parent {
        span: Some(span),
        decision: handled.is_debug().then_some(Decision::Debug),
    })
}

/// Opens the span. The parent is set before anything enters it: afterwards it cannot be.
fn open(call: &Call, parent: Option<&Parent>) -> (Span, Option<SpanContext>) {
    let unknown = call.unknown_method();
    let span = tracing::info_span!(
        target: "carml::rpc",
        "rpc",
        "otel.name" = if unknown.is_some() { "grpc" } else { call.method() },
        "otel.kind" = match call.side {
            Side::Server => "server",
            Side::Client => "client",
        },
        "otel.status_code" = Empty,
        "rpc.system.name" = "grpc",
        "rpc.method" = call.method(),
        "rpc.method_original" = unknown,
        "rpc.status_code" = Empty,
        "error.type" = Empty,
        "server.address" = call.uri.host(),
        // Signed: the tracer makes a text of other integers.
        "server.port" = call.uri.port_u16().map(i64::from),
        "network.peer.address" = call.peer.map(|peer| tracing::field::display(peer.ip())),
        "network.peer.port" = call.peer.map(|peer| i64::from(peer.port())),
        "trace_id" = Empty,
        "span_id" = Empty,
        "trace_flags" = Empty,
    );
    if span.is_disabled() {
        return (span, None);
    }
    if let Some(parent) = parent {
        // Fails if no tracer is installed.
        let _ = span.set_parent(context(parent));
    }
    let made = span.context();
    let made = made.span().span_context().clone();
    let made = match made.is_valid() {
        true => made,
        false => without_tracer(parent),
    };
    let trace = hex::of(made.trace_id().to_bytes());
    let id = hex::of(made.span_id().to_bytes());
    let flags = hex::of([made.trace_flags().to_u8()]);
    tracing::record_all!(
        span,
        "trace_id" = hex::text(&trace),
        "span_id" = hex::text(&id),
        "trace_flags" = hex::text(&flags),
    );
    (span, Some(made))
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
fn without_tracer(parent: Option<&Parent>) -> SpanContext {
    let caller = parent.and_then(|parent| parent.span.as_ref());
    let random = || TraceId::from_bytes(rand::random());
    let trace = caller.map_or_else(random, SpanContext::trace_id);
    let flags = match parent.and_then(|parent| parent.decision) {
        Some(Decision::Record | Decision::Debug) => TraceFlags::SAMPLED,
        Some(Decision::Drop) => TraceFlags::default(),
        None => caller.map(SpanContext::trace_flags).unwrap_or_default(),
    };
    let state = caller.map(|caller| caller.trace_state().clone());
    let id = SpanId::from_bytes(rand::random());
    SpanContext::new(trace, id, flags, false, state.unwrap_or_default())
}
