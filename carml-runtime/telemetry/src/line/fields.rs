//! The fields of events and spans as the members of a JSON object.

use std::fmt;

use tracing::field::{Field, Visit};

use super::json;

/// Fields beyond this size are left out.
const MAX_FIELDS: usize = 64 << 10;

/// The field that has metadata of a request: a JSON object, of which each key becomes a field, as
/// OpenTelemetry has them.
const METADATA: &str = "rpc.request.metadata";

/// Ids of a trace, as they are written.
#[derive(Clone, Copy, Default)]
pub(super) struct Ids {
    trace: Option<[u8; 32]>,
    span: Option<[u8; 16]>,
    flags: Option<[u8; 2]>,
}

impl Ids {
    pub(super) fn is_empty(&self) -> bool {
        self.trace.is_none() && self.span.is_none()
    }

    /// Takes the value if the name is one of an id, and it has the id's length.
    fn take(&mut self, name: &str, value: &str) -> bool {
        let value = value.as_bytes();
        if !value.iter().all(u8::is_ascii_hexdigit) {
            return false;
        }
        match name {
            "trace_id" => fill(&mut self.trace, value),
            "span_id" => fill(&mut self.span, value),
            "trace_flags" => fill(&mut self.flags, value),
            _ => false,
        }
    }

    /// Members of the line.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        member(
            out,
            b",\"trace_id\":\"",
            self.trace.as_ref().map(|id| &id[..]),
        );
        member(
            out,
            b",\"span_id\":\"",
            self.span.as_ref().map(|id| &id[..]),
        );
        member(
            out,
            b",\"trace_flags\":\"",
            self.flags.as_ref().map(|id| &id[..]),
        );
    }
}

fn fill<const N: usize>(id: &mut Option<[u8; N]>, value: &[u8]) -> bool {
    *id = value.try_into().ok();
    id.is_some()
}

fn member(out: &mut Vec<u8>, key: &[u8], id: Option<&[u8]>) {
    if let Some(id) = id {
        out.extend_from_slice(key);
        out.extend_from_slice(id);
        out.push(b'"');
    }
}

/// Writes fields, and puts the message and the ids aside.
pub(super) struct Fields<'a> {
    pub(super) members: &'a mut Vec<u8>,
    /// The length of the members that were there before.
    pub(super) known: usize,
    /// One of the fields is among them.
    pub(super) is_repeated: bool,
    /// The message of an event, as a JSON string.
    pub(super) message: &'a mut Vec<u8>,
    pub(super) ids: &'a mut Ids,
    /// Where values are formatted.
    pub(super) scratch: &'a mut String,
}

impl Fields<'_> {
    /// Where the value of this field goes; none if there is no room.
    fn key(&mut self, name: &str) -> Option<&mut Vec<u8>> {
        if self.members.len() > MAX_FIELDS {
            return None;
        }
        // `r#type` is the field `type`.
        let start = self.members.len();
        json::key(self.members, name.strip_prefix("r#").unwrap_or(name));
        if self.known > 0 && !self.is_repeated {
            let (known, key) = self.members.split_at(start);
            let key = key.strip_prefix(b",").unwrap_or(key);
            self.is_repeated = known[..self.known]
                .windows(key.len())
                .any(|part| part == key);
        }
        Some(self.members)
    }
}

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => json::string(self.message, value),
            name if self.ids.take(name, value) => {}
            name => {
                if let Some(out) = self.key(name) {
                    json::string(out, value);
                }
            }
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        use fmt::Write as _;

        let mut scratch = std::mem::take(self.scratch);
        scratch.clear();
        // A `Debug` that fails has written what it could.
        let _ = write!(scratch, "{value:?}");
        if field.name() != METADATA || !self.metadata(&scratch) {
            self.record_str(field, &scratch);
        }
        *self.scratch = scratch;
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        if let Some(out) = self.key(field.name()) {
            out.extend_from_slice(if value { b"true" } else { b"false" });
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.number(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.number(field, value);
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.number(field, value);
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.number(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        use std::io::Write as _;

        if let Some(out) = self.key(field.name()) {
            if value.is_finite() {
                // Writing to memory does not fail.
                let _ = write!(out, "{value}");
            } else {
                out.extend_from_slice(b"null");
            }
        }
    }
}

impl Fields<'_> {
    /// Writes a field for each key of a JSON object; whether it is one.
    fn metadata(&mut self, object: &str) -> bool {
        let Ok(values) = serde_json::from_str::<serde_json::Map<_, _>>(object) else {
            return false;
        };
        for (name, value) in values {
            if let Some(out) = self.key(&format!("{METADATA}.{name}")) {
                // Writing to memory does not fail.
                let _ = serde_json::to_writer(out, &value);
            }
        }
        true
    }

    fn number(&mut self, field: &Field, value: impl itoa::Integer) {
        if let Some(out) = self.key(field.name()) {
            out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
        }
    }
}
