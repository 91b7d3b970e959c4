//! Which traces are recorded.

use opentelemetry::{
    Context, KeyValue, TraceId,
    trace::{Link, SpanKind},
};
use opentelemetry_sdk::trace::{Sampler as Parts, SamplingResult, ShouldSample};

use crate::Decision;

/// The attribute that asks for Zipkin's `debug`: B3's flag.
pub(super) const DEBUG: &str = "carml.b3.debug";

/// The caller's decision, if it has made one; else a share of the new traces.
#[derive(Clone, Debug)]
pub(crate) struct Sampler(Parts);

impl Sampler {
    pub(super) fn new(ratio: f64) -> Self {
        let new = Parts::TraceIdRatioBased(ratio);
        Self(Parts::ParentBased(Box::new(new)))
    }
}

impl ShouldSample for Sampler {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        // B3 can say so without a trace.
        let decision = parent.and_then(|parent| parent.get::<Decision>().copied());
        let parts = match decision {
            Some(Decision::Record | Decision::Debug) => &Parts::AlwaysOn,
            Some(Decision::Drop) => &Parts::AlwaysOff,
            None => &self.0,
        };
        let mut result = parts.should_sample(parent, trace, name, kind, attributes, links);
        if decision == Some(Decision::Debug) {
            result.attributes.push(KeyValue::new(DEBUG, true));
        }
        result
    }
}
