//! What was read of a text.

use crate::RawReport;
use serde_json::Value;

/// What was read of a text.
#[derive(Debug, Default)]
pub struct Reading {
    /// The value, as far as the text has one.
    pub value: Option<Value>,
    /// What is wrong with the text itself.
    pub report: RawReport,
    /// Whether a part of the text could not be read, so that keys may be missing from the value.
    pub partial: bool,
}

impl Reading {
    /// A text without a value.
    pub(super) fn failed(errors: impl Into<RawReport>) -> Reading {
        Reading {
            value: None,
            report: errors.into(),
            partial: true,
        }
    }
}
