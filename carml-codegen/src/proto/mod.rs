//! `.proto` files → messages, service traits, clients and the descriptor set, without `protoc`.
//!
//! `front` reads the files with protox, `services` adds to what tonic-build writes, and
//! `emit` puts the packages together as nested modules.

mod emit;
mod front;
mod services;

use std::path::PathBuf;

pub use front::{Error, Fault};

/// Which files to compile.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The proto files.
    pub files: Vec<PathBuf>,
    /// Where imports are looked up, in this order. If empty, the first file's directory.
    pub includes: Vec<PathBuf>,
}

/// Generated Rust.
#[derive(Clone, Debug)]
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
/// Every file that is at fault, each with the place of its first fault: the parser stops there.
pub fn compile(options: &Options) -> Result<Module, Error> {
    let set = front::read(options)?;
    let code = emit::module(&set)?;
    Ok(Module {
        code,
        files: set.paths,
    })
}
