//! From a text to its value, and to the places of its values.

mod complaint;
mod json;
mod recover;
mod scalar;
mod spans;
mod yaml;

pub use spans::Located;
pub(crate) use spans::Spans;

use crate::{Fault, Format, Report, Source, Span};
use serde_json::Value;

/// The largest text that is read: 16 MiB.
pub const MAX_BYTES: usize = 16 << 20;

/// How deep lists and maps may nest.
pub const MAX_DEPTH: usize = 100;

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
    fn failed(fault: Fault) -> Reading {
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
        return Reading::failed(Fault::error("too-large", message));
    }
    let (mut reading, repeated) = match source.format() {
        Format::Yaml => recover::read(source),
        Format::Json => json::read(source),
    };
    if repeated {
        add_repeated(source, &mut reading.report);
    }
    reading
}

fn add_repeated(source: &Source, report: &mut Report) {
    let before = report.faults().len();
    for (key, span, first) in source.spans().map(Spans::repeated).unwrap_or_default() {
        let line = source.position(first.start).line;
        report.push(
            Fault::error(
                "duplicate-key",
                format!("the key `{key}` stands twice in this map"),
            )
            .at(source, *span)
            .label(format!("first given on line {line}"))
            .help("keep one of the two: readers disagree on which one counts"),
        );
    }
    if report.faults().len() == before {
        report.push(
            Fault::error("duplicate-key", "a key stands twice in a map")
                .at(source, Span { start: 0, end: 0 }),
        );
    }
}
