//! From a text to its value, and to the places of its values.

mod json;
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

pub(crate) fn read(source: &Source) -> Result<Value, Report> {
    if source.text().len() > MAX_BYTES {
        let message = format!(
            "{}: is over the limit of {} MiB",
            source.name(),
            MAX_BYTES >> 20
        );
        return Err(Fault::error("too-large", message).into());
    }
    let (value, repeated) = match source.format() {
        Format::Yaml => yaml::read(source)?,
        Format::Json => json::read(source)?,
    };
    if !repeated {
        return Ok(value);
    }
    let mut report = Report::new();
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
    if report.is_empty() {
        report.push(
            Fault::error("duplicate-key", "a key stands twice in a map")
                .at(source, Span { start: 0, end: 0 }),
        );
    }
    Err(report)
}
