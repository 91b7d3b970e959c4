//! JSON Schema → typed Rust: `front` reads documents into `ir::schema`,
//! `lower` finds the types, `emit` writes them.

mod check;
mod documents;
mod error;
mod front;
mod walk;

use std::path::{Path, PathBuf};

use crate::{emit, lower};

pub use error::Error;

/// How a schema is compiled.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// The root type's name; from the schema's title, else its file's name, if none is given.
    pub root: Option<String>,
    /// Crates whose types stand for the schemas that name them by `x-rust-type`.
    pub crates: Vec<String>,
    /// The module of the scalar types behind `x-carml-type`.
    pub scalars: String,
    /// Traits that every type derives beside `Clone`, `Debug`, `PartialEq` and serde's.
    pub derives: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            root: None,
            crates: vec!["carml-runtime".to_owned()],
            scalars: "::carml_runtime::config".to_owned(),
            derives: Vec::new(),
        }
    }
}

/// Generated Rust.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Module {
    /// Formatted, the same bytes for the same input.
    pub code: String,
    /// The root type's name.
    pub root: String,
    /// How many types the module defines.
    pub types: Counts,
    /// Every place that has no good type, and why.
    pub fallbacks: Vec<Fallback>,
    /// The files that were read, sorted.
    pub files: Vec<PathBuf>,
    /// Whether the schema extends CarML's base config.
    pub extends_base: bool,
    /// The schema with the local files that it refers to in its `$defs`.
    pub bundle: serde_json::Value,
}

/// How many types a module defines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Counts {
    /// Structs.
    pub structs: usize,
    /// Enums, untagged ones included.
    pub enums: usize,
}

/// A place that became `serde_json::Value`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Fallback {
    /// The document and the JSON pointer in it: `app.json#/properties/port`.
    pub pointer: String,
    /// Why.
    pub reason: String,
}

/// Compiles a schema file and the local files that it refers to. Nothing is fetched.
///
/// # Errors
///
/// The file cannot be read, or it is not a JSON Schema.
pub fn compile(file: &Path, options: &Options) -> Result<Module, Error> {
    let read = front::read(file)?;
    let lowered = lower::lower(read.graph, read.root, options);
    let code = emit::module(&lowered.program).map_err(|message| Error::Internal {
        file: file.to_owned(),
        message,
    })?;
    Ok(Module {
        code,
        root: lowered.program.root_name,
        types: lowered.counts,
        fallbacks: lowered.fallbacks,
        files: read.files,
        extends_base: read.extends_base,
        bundle: read.bundle,
    })
}
