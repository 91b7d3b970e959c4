//! The error of a document that is not a schema.

use std::fmt::Display;

use carml_diagnostic::{Diagnostic, Kind, Source, Span};

/// The error of a document that cannot be used as a schema: the place in it, and what the resolver or
/// the validator says.
pub fn not_a_schema(name: &str, at: &str, problem: &dyn Display) -> Diagnostic {
    let kind = Kind::NotASchema {
        name: name.to_owned(),
        at: at.to_owned(),
        problem: problem.to_string(),
    };
    Diagnostic::new(kind)
        .pointer(at)
        .help("fix the schema; references resolve to files, nothing is fetched")
}

/// The same error at its place in the text; at the beginning if the text does not have the place.
pub fn locate_error(error: Diagnostic, source: &Source) -> Diagnostic {
    let place = source.locate(error.at_pointer().unwrap_or_default());
    error.at(
        source,
        place.map_or(Span { start: 0, end: 0 }, |place| place.value),
    )
}
