//! The `build.rs` API.

mod output;

use std::path::PathBuf;

use crate::{Error, proto};

/// What to generate, from which files. Paths are relative to the current directory, which in a
/// build script is the package's root.
#[derive(Clone, Debug, Default)]
#[must_use = "nothing is generated until `generate` is called"]
pub struct Builder {
    protos: Vec<PathBuf>,
    includes: Vec<PathBuf>,
    out_dir: Option<PathBuf>,
}

impl Builder {
    /// Nothing to generate yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a proto file.
    pub fn proto(mut self, file: impl Into<PathBuf>) -> Self {
        self.protos.push(file.into());
        self
    }

    /// Adds a directory in which imports are looked up. Without any, it is the directory of the
    /// first proto file.
    pub fn include(mut self, directory: impl Into<PathBuf>) -> Self {
        self.includes.push(directory.into());
        self
    }

    /// Writes into this directory instead of `OUT_DIR`.
    pub fn out_dir(mut self, directory: impl Into<PathBuf>) -> Self {
        self.out_dir = Some(directory.into());
        self
    }

    /// Writes `carml.rs`, and tells cargo which files it came from, so that editing nothing
    /// rebuilds nothing.
    ///
    /// The file is only touched when its bytes change.
    ///
    /// # Errors
    ///
    /// See [`Error`]; on an error nothing is written.
    pub fn generate(self) -> Result<(), Error> {
        if self.protos.is_empty() {
            return Err(Error::Nothing);
        }
        let out_dir = match self.out_dir {
            Some(directory) => directory,
            None => std::env::var_os("OUT_DIR").ok_or(Error::NoOutDir)?.into(),
        };
        // Named before anything can fail: a build that failed is tried again after an edit.
        for file in &self.protos {
            output::rerun_if_changed(file);
        }
        let module = proto::compile(&proto::Options {
            files: self.protos,
            includes: self.includes,
        })?;
        for file in &module.files {
            output::rerun_if_changed(file);
        }
        output::write_if_changed(&out_dir.join("carml.rs"), &module.code)
    }
}
