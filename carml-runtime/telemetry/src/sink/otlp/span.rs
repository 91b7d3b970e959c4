//! A span as a message of the protocol.

use std::time::SystemTime;

use bytes::Bytes;
use opentelemetry::{
    KeyValue, SpanId,
    trace::{SpanKind, Status},
};
use opentelemetry_sdk::trace::SpanData;
use prost::Message as _;

use super::{
    super::spans::{attributes, since_epoch},
    messages,
};

/// It is known whether the parent is of another process.
const HAS_IS_REMOTE: u32 = 0x100;

/// The parent is of another process.
const IS_REMOTE: u32 = 0x200;

pub(super) fn write(out: &mut Vec<u8>, data: &SpanData) {
    // Fails without room, and a vector grows.
    let _ = message(data).encode(out);
}

fn message(data: &SpanData) -> messages::Span {
    let context = &data.span_context;
    let has_parent = data.parent_span_id != SpanId::INVALID;
    let remote = match data.parent_span_is_remote {
        true => HAS_IS_REMOTE | IS_REMOTE,
        false => HAS_IS_REMOTE,
    };
    messages::Span {
        trace_id: bytes(&context.trace_id().to_bytes()),
        span_id: bytes(&context.span_id().to_bytes()),
        trace_state: context.trace_state().header(),
        parent_span_id: match has_parent {
            true => bytes(&data.parent_span_id.to_bytes()),
            false => Bytes::new(),
        },
        name: data.name.clone().into_owned(),
        kind: match data.span_kind {
            SpanKind::Internal => 1,
            SpanKind::Server => 2,
            SpanKind::Client => 3,
            SpanKind::Producer => 4,
            SpanKind::Consumer => 5,
        },
        start_time_unix_nano: nanos(data.start_time),
        end_time_unix_nano: nanos(data.end_time),
        attributes: attributes(data).map(attribute).collect(),
        dropped_attributes_count: data.dropped_attributes_count,
        events: data
            .events
            .iter()
            .map(|event| messages::Event {
                time_unix_nano: nanos(event.timestamp),
                name: event.name.clone().into_owned(),
                attributes: event.attributes.iter().map(attribute).collect(),
                dropped_attributes_count: event.dropped_attributes_count,
            })
            .collect(),
        dropped_events_count: data.events.dropped_count,
        status: status(&data.status),
        flags: u32::from(context.trace_flags().to_u8()) | remote,
    }
}

fn status(status: &Status) -> Option<messages::Status> {
    let (code, message) = match status {
        Status::Unset => return None,
        Status::Ok => (1, String::new()),
        Status::Error { description } => (2, description.clone().into_owned()),
    };
    Some(messages::Status { message, code })
}

fn attribute(attribute: &KeyValue) -> messages::KeyValue {
    messages::attribute(attribute.key.as_str(), attribute.value.clone())
}

fn bytes(id: &[u8]) -> Bytes {
    Bytes::copy_from_slice(id)
}

fn nanos(time: SystemTime) -> u64 {
    u64::try_from(since_epoch(time).as_nanos()).unwrap_or(u64::MAX)
}
