//! A span in Zipkin's JSON, version 2.

use std::{net::IpAddr, time::SystemTime};

use opentelemetry::{
    KeyValue, SpanId,
    trace::{SpanKind, Status},
};
use opentelemetry_sdk::trace::SpanData;
use serde_json::{Map, Value, json};

use super::super::spans::{attributes, is_debug, since_epoch};

pub(super) fn write(out: &mut Vec<u8>, service: &str, span: &SpanData) {
    // Writing to memory does not fail.
    let _ = serde_json::to_writer(out, &value(service, span));
}

fn value(service: &str, data: &SpanData) -> Value {
    let micros =
        |time: SystemTime| u64::try_from(since_epoch(time).as_micros()).unwrap_or(u64::MAX);
    let start = micros(data.start_time);
    let mut span = Map::new();
    let mut put = |name: &str, value: Value| {
        span.insert(name.to_owned(), value);
    };
    put("traceId", data.span_context.trace_id().to_string().into());
    put("id", data.span_context.span_id().to_string().into());
    if data.parent_span_id != SpanId::INVALID {
        put("parentId", data.parent_span_id.to_string().into());
    }
    put("name", data.name.to_lowercase().into());
    put("timestamp", start.into());
    put(
        "duration",
        micros(data.end_time).saturating_sub(start).max(1).into(),
    );
    let kind = match data.span_kind {
        SpanKind::Client => Some("CLIENT"),
        SpanKind::Server => Some("SERVER"),
        SpanKind::Producer => Some("PRODUCER"),
        SpanKind::Consumer => Some("CONSUMER"),
        SpanKind::Internal => None,
    };
    if let Some(kind) = kind {
        put("kind", kind.into());
    }
    put("localEndpoint", json!({ "serviceName": service }));
    if let Some(remote) = remote(data) {
        put("remoteEndpoint", remote);
    }
    if is_debug(data) {
        put("debug", true.into());
    }
    let annotations: Vec<Value> = data
        .events
        .iter()
        .map(|event| json!({ "timestamp": micros(event.timestamp), "value": event.name }))
        .collect();
    if !annotations.is_empty() {
        put("annotations", annotations.into());
    }
    put("tags", tags(data).into());
    Value::Object(span)
}

fn tags(data: &SpanData) -> Map<String, Value> {
    let text = |attribute: &KeyValue| {
        let value = attribute.value.to_string();
        (attribute.key.to_string(), value.into())
    };
    let mut tags: Map<String, Value> = attributes(data).map(text).collect();
    if let Status::Error { description } = &data.status {
        tags.insert("otel.status_code".to_owned(), "ERROR".into());
        // Zipkin shows a span with this tag as failed, whatever its value.
        let error = match &**description {
            "" => attribute(data, "error.type").unwrap_or_else(|| "true".to_owned()),
            description => description.to_owned(),
        };
        tags.insert("error".to_owned(), error.into());
    }
    tags
}

fn attribute(data: &SpanData, name: &str) -> Option<String> {
    let found = data
        .attributes
        .iter()
        .find(|attribute| attribute.key.as_str() == name);
    found.map(|attribute| attribute.value.to_string())
}

/// The other side of a call.
fn remote(data: &SpanData) -> Option<Value> {
    let mut remote = Map::new();
    let is_server = data.span_kind == SpanKind::Server;
    // On a server, `server.address` is this side.
    let of_target = |name| attribute(data, name).filter(|_| !is_server);
    if let Some(name) = attribute(data, "peer.service").or_else(|| of_target("server.address")) {
        remote.insert("serviceName".to_owned(), name.to_lowercase().into());
    }
    if let Some(address) = attribute(data, "network.peer.address") {
        match address.parse() {
            Ok(IpAddr::V4(address)) => {
                remote.insert("ipv4".to_owned(), address.to_string().into());
            }
            Ok(IpAddr::V6(address)) => {
                remote.insert("ipv6".to_owned(), address.to_string().into());
            }
            Err(_) => {}
        }
        let port = attribute(data, "network.peer.port").and_then(|port| port.parse::<u16>().ok());
        if let Some(port) = port {
            remote.insert("port".to_owned(), port.into());
        }
    }
    (!remote.is_empty()).then_some(Value::Object(remote))
}
