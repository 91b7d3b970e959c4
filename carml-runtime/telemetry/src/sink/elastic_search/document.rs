//! A line as a document of the Elastic Common Schema.

use serde_json::{Map, Value, json};

use crate::line::Line;

const ECS_VERSION: &str = "9.4.0";

/// What each document has of the service.
pub(super) struct Documents {
    service: String,
    version: Option<String>,
    host: String,
    process: u32,
}

impl Documents {
    pub(super) fn new(service: String, version: Option<String>) -> Self {
        Self {
            service,
            version,
            host: super::super::host_name(),
            process: std::process::id(),
        }
    }

    pub(super) fn write(&self, out: &mut Vec<u8>, line: &[u8]) {
        let document = Line::read(line).map_or_else(|| json!({}), |line| self.document(line));
        // Writing to memory does not fail.
        let _ = serde_json::to_writer(out, &document);
    }

    fn document(&self, line: Line) -> Value {
        let mut document = Map::new();
        let mut put = |name: &str, value: Value| {
            document.insert(name.to_owned(), value);
        };
        put("@timestamp", line.timestamp.into());
        put("log.level", line.level.to_lowercase().into());
        put("log.logger", line.target.into());
        put("message", line.message.into());
        put("ecs.version", ECS_VERSION.into());
        put("service.name", self.service.as_str().into());
        if let Some(version) = &self.version {
            put("service.version", version.as_str().into());
        }
        put("host.name", self.host.as_str().into());
        put("process.pid", self.process.into());
        for (name, id) in [("trace.id", line.trace_id), ("span.id", line.span_id)] {
            if let Some(id) = id {
                put(name, id.into());
            }
        }
        let mut fields = line.span;
        fields.remove("name");
        fields.extend(line.fields);
        if fields.get("rpc.status_code").is_some() {
            let is_error = fields.contains_key("error.type");
            put(
                "event.outcome",
                if is_error { "failure" } else { "success" }.into(),
            );
        }
        for (name, value) in fields {
            match (&*name, value) {
                ("duration", Value::Number(seconds)) => {
                    let nanos = seconds.as_f64().unwrap_or_default() * 1e9;
                    put("event.duration", (nanos as u64).into());
                }
                ("exception.type", value) => put("error.type", value),
                ("exception.message" | "error", value) => put("error.message", value),
                ("exception.stacktrace", value) => put("error.stack_trace", value),
                (_, value) => put(&name, value),
            }
        }
        Value::Object(document)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_has_the_names_of_ecs() {
        let line = json!({
            "timestamp": "2026-08-01T12:00:00.000001Z", "level": "ERROR", "target": "carml::rpc",
            "message": "call", "trace_id": "aa", "span_id": "bb", "trace_flags": "01",
            "fields": { "rpc.status_code": "INTERNAL", "error.type": "INTERNAL", "duration": 0.5 },
            "span": { "name": "rpc", "rpc.method": "a.B/C" },
        });
        let mut out = Vec::new();
        let documents = Documents::new("app".to_owned(), Some("1.4.2".to_owned()));
        documents.write(&mut out, line.to_string().as_bytes());
        let document: Value = serde_json::from_slice(&out).expect("JSON");
        for (name, value) in [
            ("@timestamp", json!("2026-08-01T12:00:00.000001Z")),
            ("log.level", json!("error")),
            ("log.logger", json!("carml::rpc")),
            ("message", json!("call")),
            ("service.name", json!("app")),
            ("service.version", json!("1.4.2")),
            ("trace.id", json!("aa")),
            ("span.id", json!("bb")),
            ("rpc.method", json!("a.B/C")),
            ("error.type", json!("INTERNAL")),
            ("event.outcome", json!("failure")),
            ("event.duration", json!(500_000_000)),
        ] {
            assert_eq!(document[name], value, "{name} in {document}");
        }
    }
}
