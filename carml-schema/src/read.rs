//! The value of a schema's text.

use std::path::Path;

use carml_diagnostic::{Code, Format, RawReport, Source};
use serde_json::Value;

/// The value of a file, JSON or YAML by its name.
pub(crate) fn file(path: &Path) -> Result<Value, RawReport> {
    value(&Source::open(path)?)
}

/// The value of a schema's text. Numbers beyond 64 bits are read as floats: a bound may be one, as
/// no value of a config may.
///
/// # Errors
///
/// The text is not JSON or YAML.
pub fn value(source: &Source) -> Result<Value, RawReport> {
    let mut reading = source.read_all();
    if source.format() == Format::Json {
        reading
            .report
            .retain(|diagnostic| diagnostic.code() != Code::IntegerRange);
    }
    match reading.value {
        Some(value) if reading.report.errors() == 0 => Ok(value),
        _ => Err(reading.report),
    }
}
