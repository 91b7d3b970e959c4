//! `.proto` files → messages, service traits, clients and the descriptor set, without `protoc`.
//!
//! - `load` finds and reads the files with protox; `rules` and `references` check what protoc
//!   refuses and protox does not, `clashes` finds names that are the same in Rust,
//!   and `cost` what would take prost too long;
//! - `idents` knows the names that prost and tonic give;
//! - `services` changes what tonic-build writes, and `emit` puts the packages together as nested
//!   modules.

mod clashes;
mod cost;
mod edition;
mod emit;
mod idents;
mod load;
mod references;
mod rules;
mod services;
mod source;

use std::{collections::HashSet, path::PathBuf};

use carml_diagnostic::{Diagnostic, Public, RawReport, Report};

/// Which files to compile, and how.
///
/// Paths of messages, fields and packages begin with a dot: `.shop.v1.Order.id`. A path includes
/// everything below it, and `.` everything.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// The proto files.
    pub files: Vec<PathBuf>,
    /// Where imports are looked up, in this order. If empty, the first file's directory.
    pub includes: Vec<PathBuf>,
    /// Proto packages or types, and the Rust modules or types that are used for them. Nothing is
    /// generated for these.
    pub extern_paths: Vec<(String, String)>,
    /// Messages, enums and oneofs, and an attribute for each: `#[derive(serde::Serialize)]`.
    pub type_attributes: Vec<(String, String)>,
    /// Fields and enum values, and an attribute for each.
    pub field_attributes: Vec<(String, String)>,
    /// Fields of type `bytes` that become `Bytes` instead of `Vec<u8>`.
    pub bytes: Vec<String>,
}

/// Generated Rust.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Module {
    /// One `pub mod proto`, formatted, the same bytes for the same input.
    pub code: String,
    /// Every file that was read, imports included, sorted.
    pub files: Vec<PathBuf>,
}

/// Compiles proto files.
///
/// # Errors
///
/// A report of every error in every file. In a file that does not parse, only the parser's first ones are
/// found.
pub fn compile(options: &Options) -> Result<Module, Report> {
    let mut set = load::load(options);
    set.errors.extend(load::check_options(options));
    let references = references::check(&set, options);
    let (clashes, exports) = clashes::check(&set, options);
    set.errors.extend(references);
    set.errors.extend(cost::check(&set));
    set.errors.extend(clashes);
    let code = if set.errors.is_empty() {
        emit::module(&set, exports, options).map_err(|error| report(vec![*error]))?
    } else {
        String::new()
    };
    let mut files: Vec<PathBuf> = set.sources.values().map(|file| file.path.clone()).collect();
    files.sort();
    match set.errors.is_empty() {
        true => Ok(Module { code, files }),
        false => Err(report(set.errors)),
    }
}

/// One error at a place: the first that was found. CarML's own come before the compiler's and say
/// more.
fn report(errors: Vec<Diagnostic>) -> Report {
    let mut found = RawReport::new();
    let mut places = HashSet::new();
    for error in errors {
        let place = error
            .place()
            .filter(|place| place.span.start < place.span.end);
        let place = place.map(|place| (place.source.name().to_owned(), place.span.start));
        if place.is_none_or(|place| places.insert(place)) {
            found.push(error);
        }
    }
    // A `.proto` file holds no secrets.
    found.redact(&Public)
}
