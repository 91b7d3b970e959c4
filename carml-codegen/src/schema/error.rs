//! Why a schema was not compiled.

use std::path::Path;

use carml_diagnostic::{Diagnostic, Kind, Public, RawReport, Report, Source};

use crate::lower;

/// A schema holds no secrets.
pub(super) fn public(found: impl Into<RawReport>) -> Report {
    found.into().redact(&Public)
}

/// Every default that would be filled in and is not valid.
pub(super) fn invalid_defaults(file: &Path, defaults: Vec<lower::InvalidDefault>) -> Report {
    let mut found = RawReport::new();
    for default in defaults {
        let (document, at) = default.pointer.split_once('#').unwrap_or_default();
        let kind = Kind::InvalidDefault {
            at: at.to_owned(),
            problem: default.reason,
        };
        let error = Diagnostic::new(kind).pointer(at);
        // CarML's own documents are not files.
        found.push(match Source::open(&file.with_file_name(document)) {
            Ok(source) => carml_schema::locate_error(error, &source),
            Err(_) => error.note(format!("in {document}")),
        });
    }
    public(found)
}

/// What was generated is not Rust.
pub(super) fn not_rust(file: &Path, problem: String) -> Report {
    let file = file.display();
    let error = Diagnostic::new(Kind::NotRust { problem });
    public(
        error
            .note(format!("compiled from {file}"))
            .help("report it as a bug"),
    )
}
