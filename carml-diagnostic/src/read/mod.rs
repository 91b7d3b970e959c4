//! From a text to its value, and to the places of its values.
//!
//! - `yaml`, `json`: the value. `recover`: of a YAML text with errors, as much as can be read.
//! - `yaml_tree`, `json_tree`: the places, as a `tree`; a second pass, made only when someone asks.
//! - `lexer`: the lexical parts of YAML, for `limits`, `characters` and `rewrite`.
//! - `parse_error`: what the YAML parser says, in words that help.

mod characters;
mod events;
mod json;
mod json_tree;
mod lexer;
mod limits;
mod parse_error;
mod reading;
mod recover;
mod repair;
mod rewrite;
mod scalar;
mod tag;
mod tree;
mod yaml;
mod yaml_tree;

pub use limits::{MAX_BYTES, MAX_DEPTH};
pub use reading::Reading;
pub(crate) use tree::Tree;
pub use tree::{Located, Token};

use crate::{Diagnostic, Format, Input, Kind, RawReport, Source, Span, text};
use serde_json::Value;

/// What an unquoted YAML scalar of this text is: a number, a boolean, null or a string. `None` for
/// a number that is not finite or does not fit 64 bits.
pub fn plain_scalar(text: &str) -> Option<Value> {
    scalar::plain(text).ok()
}

pub(crate) fn read(source: &Source) -> Reading {
    if let Some(fault) = limits::check(source) {
        return Reading::failed(fault);
    }
    let (mut reading, duplicates) = match source.format() {
        Format::Yaml => recover::read(source),
        Format::Json => json::read(source),
        Format::Text => return Reading::default(),
    };
    if duplicates {
        add_duplicates(source, &mut reading.report);
    }
    reading
}

/// The places of a text's keys and values, as far as it can be read.
pub(crate) fn tree(source: &Source) -> Option<Tree> {
    if limits::check(source).is_some() {
        return None;
    }
    match source.format() {
        Format::Yaml => {
            // Reading decides which text has the places.
            if !source.was_read() {
                recover::read(source);
            }
            yaml_tree::build(source)
        }
        Format::Json => json_tree::build(source.text()),
        Format::Text => None,
    }
}

fn add_duplicates(source: &Source, report: &mut RawReport) {
    let before = report.diagnostics().len();
    for duplicate in source.tree().map(Tree::duplicates).unwrap_or_default() {
        let line = source.position(duplicate.first.start).line;
        let key = Input::new(&duplicate.key);
        report.push(
            Diagnostic::new(Kind::DuplicateKey { key: Some(key) })
                .at(source, duplicate.span)
                .label(text!["first given on line ", line])
                .help("remove one of the two"),
        );
    }
    if report.diagnostics().len() == before {
        report.push(
            Diagnostic::new(Kind::DuplicateKey { key: None }).at(source, Span { start: 0, end: 0 }),
        );
    }
}
