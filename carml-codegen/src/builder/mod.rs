//! The `build.rs` API.

mod config;
mod output;

use std::path::PathBuf;

use crate::{Error, proto, schema};

/// What to generate, from which files. Paths are relative to the current directory, which in a
/// build script is the package's root.
#[derive(Clone, Debug, Default)]
#[must_use = "nothing is generated until `generate` is called"]
pub struct Builder {
    schema: Option<PathBuf>,
    root: Option<String>,
    derives: Vec<String>,
    protos: Vec<PathBuf>,
    includes: Vec<PathBuf>,
    out_dir: Option<PathBuf>,
}

impl Builder {
    /// Nothing to generate yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Names the config schema: `config` in the generated code. A schema that extends CarML's
    /// base config gets a root type that the runtime loads.
    pub fn schema(mut self, file: impl Into<PathBuf>) -> Self {
        self.schema = Some(file.into());
        self
    }

    /// Names the config's root type. Without it, the schema's title does.
    pub fn root(mut self, name: impl Into<String>) -> Self {
        self.root = Some(name.into());
        self
    }

    /// Adds a trait that every type of the config derives, as a path: `Eq`, `schemars::JsonSchema`.
    /// `Clone`, `Debug`, `PartialEq` and serde's are derived anyway.
    pub fn derive(mut self, name: impl Into<String>) -> Self {
        self.derives.push(name.into());
        self
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
        if self.protos.is_empty() && self.schema.is_none() {
            return Err(Error::Nothing);
        }
        let out_dir = match &self.out_dir {
            Some(directory) => directory.clone(),
            None => std::env::var_os("OUT_DIR").ok_or(Error::NoOutDir)?.into(),
        };
        // Named before anything can fail: a build that failed is tried again after an edit.
        for file in self.schema.iter().chain(&self.protos) {
            output::rerun_if_changed(file);
        }
        let (config, proto) = match (self.compile_schema(), self.compile_protos()) {
            (Ok(config), Ok(proto)) => (config, proto),
            (Err(error), Ok(_)) => return Err(error.into()),
            (Ok(_), Err(error)) => return Err(error.into()),
            (Err(schema), Err(proto)) => return Err(Error::Both(schema, proto)),
        };
        let mut code = String::new();
        let mut files = Vec::new();
        if let Some(module) = config {
            code.push_str(&config::module(&module));
            files.extend(module.files);
        }
        if let Some(module) = proto {
            code.push_str(&module.code);
            files.extend(module.files);
        }
        for file in &files {
            output::rerun_if_changed(file);
        }
        output::write_if_changed(&out_dir.join("carml.rs"), &code)
    }

    fn compile_schema(&self) -> Result<Option<schema::Module>, schema::Error> {
        let mut options = schema::Options::default();
        options.root.clone_from(&self.root);
        options.derives.clone_from(&self.derives);
        let compile = |file| schema::compile(file, &options);
        self.schema.as_deref().map(compile).transpose()
    }

    fn compile_protos(&self) -> Result<Option<proto::Module>, proto::Error> {
        if self.protos.is_empty() {
            return Ok(None);
        }
        let options = proto::Options {
            files: self.protos.clone(),
            includes: self.includes.clone(),
        };
        proto::compile(&options).map(Some)
    }
}
