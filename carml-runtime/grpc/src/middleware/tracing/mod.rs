//! `tracing`: a span around each call, in the trace that the client began.

mod propagation;

use http::HeaderMap;
use opentelemetry::{
    TraceId,
    trace::{SpanContext, TraceContextExt as _},
};
use tonic::Code;
use tracing::field::Empty;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use super::super::chain::Call;

/// Opens the span. The parent is set before anything enters it: afterwards it cannot be.
pub(crate) fn begin(call: &mut Call, headers: &HeaderMap) {
    let method = call.method();
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
        // Without a tracer there is nobody to tell.
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
    call.span = span;
}

/// Without a tracer the lines of one call still belong together, and to the client's trace.
fn trace_id(own: &SpanContext, parent: Option<&SpanContext>) -> TraceId {
    if own.is_valid() {
        own.trace_id()
    } else if let Some(parent) = parent {
        parent.trace_id()
    } else {
        TraceId::from(rand::random::<u128>())
    }
}

/// Writes the status into the span, the first time.
pub(crate) fn end(call: &mut Call, code: Code) {
    if std::mem::replace(&mut call.recorded, true) {
        return;
    }
    call.span.record("rpc.status_code", name(code));
    if code != Code::Ok {
        call.span.record("error.type", name(code));
    }
    if is_server_error(code) {
        call.span.record("otel.status_code", "ERROR");
    }
}

/// Which codes are the server's fault, as OpenTelemetry has it.
pub(crate) fn is_server_error(code: Code) -> bool {
    matches!(
        code,
        Code::Unknown
            | Code::DeadlineExceeded
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss
    )
}

/// The code as gRPC spells it.
pub(crate) fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
