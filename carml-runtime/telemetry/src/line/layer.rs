//! Events and spans as lines.

use std::{cell::RefCell, mem, sync::Arc, time::SystemTime};

use tracing::{
    Event, Metadata, Subscriber,
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{
    layer::{Context, Layer},
    registry::{LookupSpan, SpanRef},
};

use super::{
    fields::{Fields, Ids},
    json, time,
};
use crate::queue::Queue;

/// The target of what the log says of itself. It is the only one that the threads of hooks may
/// log: what libraries say while a line is sent would become lines to send.
pub(crate) const OWN_TARGET: &str = "carml::log";

/// The same for standard output alone: what a destination refused is not told to destinations, as
/// they may refuse that too, and so on.
pub(crate) const LOCAL_TARGET: &str = "carml::log::refused";

/// Buffers that a thread keeps for its next spans.
const MAX_FREE: usize = 64;

/// Buffers of spans larger than this are not kept.
const MAX_KEPT: usize = 4 << 10;

/// What a thread keeps of the buffer of its lines.
const MAX_KEPT_LINE: usize = 64 << 10;

thread_local! {
    static BUFFERS: RefCell<Buffers> = RefCell::default();
    static FREE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// What a line is made in.
#[derive(Default)]
struct Buffers {
    line: Vec<u8>,
    members: Vec<u8>,
    message: Vec<u8>,
    scratch: String,
}

/// Makes a line of each event, for all who want it.
pub(crate) struct Lines {
    /// None if it has lines of another format.
    pub(crate) stdout: Option<Arc<Queue>>,
    pub(crate) hooks: Vec<Arc<Queue>>,
}

/// The fields of a span, written once.
#[derive(Default)]
struct SpanFields {
    ids: Ids,
    members: Vec<u8>,
}

impl Drop for SpanFields {
    fn drop(&mut self) {
        let mut members = mem::take(&mut self.members);
        if members.capacity() == 0 || members.capacity() > MAX_KEPT {
            return;
        }
        let _ = FREE.try_with(|free| {
            let mut free = free.borrow_mut();
            if free.len() < MAX_FREE {
                members.clear();
                free.push(members);
            }
        });
    }
}

impl SpanFields {
    /// Writes fields; whether one of them was there before.
    fn record(&mut self, record: impl FnOnce(&mut Fields<'_>)) -> bool {
        let mut scratch = BUFFERS.with(|buffers| {
            let mut buffers = buffers.try_borrow_mut().ok()?;
            Some(mem::take(&mut buffers.scratch))
        });
        let mut fields = Fields {
            known: self.members.len(),
            is_repeated: false,
            members: &mut self.members,
            // A span has no message: this one is lost.
            message: &mut Vec::new(),
            ids: &mut self.ids,
            scratch: scratch.get_or_insert_default(),
        };
        record(&mut fields);
        let is_repeated = fields.is_repeated;
        BUFFERS.with(|buffers| {
            if let (Ok(mut buffers), Some(scratch)) = (buffers.try_borrow_mut(), scratch) {
                buffers.scratch = scratch;
            }
        });
        is_repeated
    }

    /// Keeps the last value of each field.
    fn keep_last(&mut self) {
        let object = [b"{", &self.members[..], b"}"].concat();
        let last = serde_json::from_slice::<serde_json::Map<_, _>>(&object);
        if let Ok(text) = last.and_then(|map| serde_json::to_vec(&map)) {
            self.members.clear();
            self.members.extend_from_slice(&text[1..text.len() - 1]);
        }
    }
}

impl<S> Layer<S> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else {
            return;
        };
        let free = FREE.try_with(|free| free.borrow_mut().pop()).ok().flatten();
        let mut fields = SpanFields {
            ids: Ids::default(),
            members: free.unwrap_or_default(),
        };
        fields.record(|visitor| attributes.record(visitor));
        span.extensions_mut().replace(fields);
    }

    fn on_record(&self, id: &Id, record: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else {
            return;
        };
        if let Some(fields) = span.extensions_mut().get_mut::<SpanFields>() {
            let is_repeated = fields.record(|visitor| record.record(visitor));
            if is_repeated {
                fields.keep_last();
            }
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let target = event.metadata().target();
        let is_local = target == LOCAL_TARGET;
        if crate::sink::is_hook_thread() && target != OWN_TARGET && !is_local {
            return;
        }
        let write = |buffers: &mut Buffers| {
            line(buffers, event, context.event_span(event).as_ref());
            if let Some(stdout) = &self.stdout {
                stdout.push(&buffers.line);
            }
            for queue in self.hooks.iter().filter(|_| !is_local) {
                queue.push(&buffers.line);
            }
            buffers.line.shrink_to(MAX_KEPT_LINE);
        };
        // A `Debug` of a field may log.
        BUFFERS.with(|buffers| match buffers.try_borrow_mut() {
            Ok(mut buffers) => write(&mut buffers),
            Err(_) => write(&mut Buffers::default()),
        });
    }
}

fn line<S: for<'a> LookupSpan<'a>>(
    buffers: &mut Buffers,
    event: &Event<'_>,
    span: Option<&SpanRef<'_, S>>,
) {
    let Buffers {
        line,
        members,
        message,
        scratch,
    } = buffers;
    for buffer in [&mut *line, members, message] {
        buffer.clear();
    }
    let mut ids = Ids::default();
    event.record(&mut Fields {
        known: 0,
        is_repeated: false,
        members,
        message,
        ids: &mut ids,
        scratch,
    });
    head(line, event.metadata(), message);
    let ids_of_span = span.filter(|_| ids.is_empty()).and_then(|span| {
        span.scope().find_map(|span| {
            let extensions = span.extensions();
            let fields = extensions.get::<SpanFields>()?;
            (!fields.ids.is_empty()).then_some(fields.ids)
        })
    });
    ids_of_span.unwrap_or(ids).write(line);
    line.extend_from_slice(b",\"fields\":{");
    line.extend_from_slice(members);
    line.push(b'}');
    if let Some(span) = span {
        line.extend_from_slice(b",\"span\":{\"name\":");
        json::string(line, span.name());
        if let Some(fields) = span.extensions().get::<SpanFields>()
            && !fields.members.is_empty()
        {
            line.push(b',');
            line.extend_from_slice(&fields.members);
        }
        line.push(b'}');
    }
    line.extend_from_slice(b"}\n");
}

fn head(line: &mut Vec<u8>, metadata: &Metadata<'_>, message: &[u8]) {
    line.extend_from_slice(b"{\"timestamp\":\"");
    time::write(line, SystemTime::now());
    line.extend_from_slice(b"\",\"level\":\"");
    line.extend_from_slice(metadata.level().as_str().as_bytes());
    line.extend_from_slice(b"\",\"target\":");
    json::string(line, metadata.target());
    line.extend_from_slice(b",\"message\":");
    line.extend_from_slice(if message.is_empty() { b"\"\"" } else { message });
}
