//! JSON Schema → typed Rust: `carml_schema` reads documents into a graph, `lower` finds the types,
//! `emit` writes them.

mod error;

use std::path::{Path, PathBuf};

use carml_diagnostic::Report;

use crate::{emit, lower};

pub use crate::{
    lower::{Counts, Fallback},
    options::Options,
};

/// The module of the runtime that has the support code of types that extend the base config.
const RUNTIME_SUPPORT: &str = "::carml_runtime::__private::support";

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

/// Compiles a schema file and the local files that it refers to. Nothing is fetched.
///
/// # Errors
///
/// A report: the file cannot be read, it is not a JSON Schema, or defaults that would be filled in are
/// not valid.
pub fn compile(file: &Path, options: &Options) -> Result<Module, Report> {
    let read = carml_schema::parse(file).map_err(error::public)?;
    // What extends the base config is validated by the runtime before it is read.
    let support = options.support.as_deref();
    let support = support.or(read.extends_base.then_some(RUNTIME_SUPPORT));
    let lowered = lower::lower(read.graph, read.root, support.is_some(), options)
        .map_err(|defaults| error::invalid_defaults(file, defaults))?;
    let code = emit::module(&lowered.program, support)
        .map_err(|problem| error::not_rust(file, problem))?;
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

/// The module that [`Options::support`] names: CarML's runtime has it.
#[doc(hidden)]
pub fn support_module() -> String {
    emit::support_module()
}
