//! A line, read back in the thread of a hook.

use serde_json::{Map, Value};

/// The members of a line.
#[derive(Debug, Default)]
pub(crate) struct Line {
    pub(crate) timestamp: String,
    pub(crate) level: String,
    pub(crate) target: String,
    pub(crate) message: String,
    pub(crate) trace_id: Option<String>,
    pub(crate) span_id: Option<String>,
    #[cfg_attr(not(feature = "syslog"), expect(dead_code, reason = "syslog shows it"))]
    pub(crate) trace_flags: Option<String>,
    /// The fields of the event.
    pub(crate) fields: Map<String, Value>,
    /// The fields of its span.
    pub(crate) span: Map<String, Value>,
}

impl Line {
    pub(crate) fn read(line: &[u8]) -> Option<Self> {
        let mut line: Map<String, Value> = serde_json::from_slice(line).ok()?;
        let mut text = |name| match line.remove(name) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        };
        let mut read = Self {
            timestamp: text("timestamp")?,
            level: text("level")?,
            target: text("target")?,
            message: text("message")?,
            trace_id: text("trace_id"),
            span_id: text("span_id"),
            trace_flags: text("trace_flags"),
            ..Self::default()
        };
        let mut object = |name| match line.remove(name) {
            Some(Value::Object(object)) => object,
            _ => Map::new(),
        };
        read.fields = object("fields");
        read.span = object("span");
        Some(read)
    }
}
