//! From a text to its value, and to the places of its values.

mod complaint;
mod events;
mod json;
mod json_spans;
mod recover;
mod scalar;
mod spans;
mod tag;
mod yaml;

pub use spans::Located;
pub(crate) use spans::Spans;

use crate::{Code, Diagnostic, Format, Report, Source, Span};
use serde_json::Value;

/// The largest text that is read: 16 MiB.
pub const MAX_BYTES: usize = 16 << 20;

/// How deep lists and maps may nest.
pub const MAX_DEPTH: usize = 100;

/// How much memory the values of one text may take, in bytes, roughly: about 700,000 keys with their
/// values. A process that reads such a text stays below 256 MB.
pub(crate) const MAX_WEIGHT: usize = 144 << 20;

/// How many items one list or map in brackets may hold in YAML.
const MAX_FLOW_ITEMS: usize = 250_000;

/// What a value takes beside its text, with what a growing list holds in reserve.
pub(crate) const VALUE: usize = 104;

/// What a key takes beside its text.
pub(crate) const KEY: usize = 88;

/// What was read of a text.
#[derive(Debug, Default)]
pub struct Reading {
    /// The value, as far as the text has one.
    pub value: Option<Value>,
    /// What is wrong with the text itself.
    pub report: Report,
    /// Whether a part of the text could not be read, so that keys may be missing from the value.
    pub partial: bool,
}

impl Reading {
    fn failed(fault: Diagnostic) -> Reading {
        Reading {
            value: None,
            report: fault.into(),
            partial: true,
        }
    }
}

pub(crate) fn read(source: &Source) -> Reading {
    if source.text().len() > MAX_BYTES {
        let message = format!(
            "{} is over the limit of {} MiB",
            source.name(),
            MAX_BYTES >> 20
        );
        return Reading::failed(Diagnostic::error(Code::TooLarge, message));
    }
    let (mut reading, repeated) = match source.format() {
        Format::Yaml => match crowded(source.text()) {
            Some(at) => {
                let fault = Diagnostic::error(Code::TooLarge, "these brackets hold too many items")
                    .at(source, Span { start: at, end: at })
                    .help("write one item a line, each after `- `");
                return Reading::failed(fault);
            }
            None => recover::read(source),
        },
        Format::Json => json::read(source),
    };
    if repeated {
        add_repeated(source, &mut reading.report);
    }
    reading
}

/// The start of a list or map in brackets with more items than the parser can hold: it may keep the tokens of one
/// until it ends. Brackets in texts count too, until the next item of a block list.
fn crowded(text: &str) -> Option<usize> {
    if text.len() <= MAX_FLOW_ITEMS {
        return None;
    }
    let (mut depth, mut items, mut start, mut fresh) = (0_usize, 0, 0, true);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b' ' => continue,
            b'-' if fresh && text[at + 1..].starts_with(' ') => (depth, items) = (0, 0),
            b'[' | b'{' => {
                if depth == 0 {
                    (start, items) = (at, 0);
                }
                depth += 1;
                items += 1;
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' | b':' if depth > 0 => items += 1,
            _ => {}
        }
        if items > MAX_FLOW_ITEMS {
            return Some(start);
        }
        fresh = byte == b'\n';
    }
    None
}

fn add_repeated(source: &Source, report: &mut Report) {
    let before = report.faults().len();
    for (key, span, first) in source.spans().map(Spans::repeated).unwrap_or_default() {
        let line = source.position(first.start).line;
        report.push(
            Diagnostic::error(
                Code::DuplicateKey,
                format!("the key `{key}` stands twice in this map"),
            )
            .at(source, *span)
            .label(format!("first given on line {line}"))
            .help("keep one of the two: readers disagree on which one counts"),
        );
    }
    if report.faults().len() == before {
        report.push(
            Diagnostic::error(Code::DuplicateKey, "a key stands twice in a map")
                .at(source, Span { start: 0, end: 0 }),
        );
    }
}
