//! Durations and sizes that match the pattern of the schema, and still cannot be read.

use super::Rules;
use crate::{ByteSize, Duration};
use carml_diagnostic::{Diagnostic, Kind};
use carml_schema::{Annotated, Annotations};

pub(super) fn check(rules: &mut Rules<'_>, marked: &[Annotated<'_>]) {
    for Annotated {
        pointer,
        annotations,
        value,
    } in marked
    {
        let Some(text) = value.as_str().filter(|text| has_form(text)) else {
            continue;
        };
        let error = if annotations.has(Annotations::DURATION) {
            text.parse::<Duration>().err()
        } else if annotations.has(Annotations::BYTE_SIZE) {
            text.parse::<ByteSize>().err()
        } else {
            None
        };
        if let Some(problem) = error {
            rules.add(Diagnostic::new(Kind::InvalidScalar { problem }), pointer);
        }
    }
}

/// Whether a text has a number first and a unit last. The schema refuses any other.
fn has_form(text: &str) -> bool {
    let (first, last) = (text.bytes().next(), text.bytes().next_back());
    first.is_some_and(|b| b.is_ascii_digit()) && last.is_some_and(|b| b.is_ascii_alphabetic())
}
