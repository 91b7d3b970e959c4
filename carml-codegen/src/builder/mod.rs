//! The `build.rs` API.

mod config;
mod output;

use std::path::{Path, PathBuf};

use carml_diagnostic::Report;

use crate::{Error, proto, schema};

/// What to generate, from which files. Paths are relative to the current directory, which in a
/// build script is the package's root.
///
/// ```no_run
/// fn main() -> Result<(), carml_codegen::Error> {
///     carml_codegen::Builder::new()
///         .schema("schema/app.json")
///         .root("AppConfig")
///         .proto("proto/shop/v1/orders.proto")
///         .include("proto")
///         .generate()
/// }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "nothing is generated until `generate` is called"]
pub struct Builder {
    schema: Option<PathBuf>,
    root: Option<String>,
    derives: Vec<String>,
    proto: proto::Options,
    out_dir: Option<PathBuf>,
}

impl Builder {
    /// Nothing to generate yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Names the config schema: `config` in the generated code. A schema that extends CarML's
    /// base config gets a root type that the runtime loads.
    ///
    /// ```no_run
    /// carml_codegen::Builder::new().schema("schema/app.json").generate()?;
    /// # Ok::<(), carml_codegen::Error>(())
    /// ```
    pub fn schema(mut self, file: impl Into<PathBuf>) -> Self {
        self.schema = Some(file.into());
        self
    }

    /// Names the config's root type. Without it, the schema's title does.
    ///
    /// ```no_run
    /// // `config::AppConfig`
    /// carml_codegen::Builder::new().schema("schema/app.json").root("AppConfig").generate()?;
    /// # Ok::<(), carml_codegen::Error>(())
    /// ```
    pub fn root(mut self, name: impl Into<String>) -> Self {
        self.root = Some(name.into());
        self
    }

    /// Adds a trait that every type of the config derives, as a path: `Eq`, `schemars::JsonSchema`.
    /// `Clone`, `Debug`, `PartialEq` and serde's are derived anyway.
    ///
    /// ```no_run
    /// carml_codegen::Builder::new().schema("schema/app.json").derive("schemars::JsonSchema").generate()?;
    /// # Ok::<(), carml_codegen::Error>(())
    /// ```
    pub fn derive(mut self, name: impl Into<String>) -> Self {
        self.derives.push(name.into());
        self
    }

    /// Adds a proto file.
    ///
    /// ```no_run
    /// carml_codegen::Builder::new()
    ///     .proto("proto/shop/v1/orders.proto")
    ///     .proto("proto/shop/v1/payments.proto")
    ///     .include("proto")
    ///     .generate()?;
    /// # Ok::<(), carml_codegen::Error>(())
    /// ```
    pub fn proto(mut self, file: impl Into<PathBuf>) -> Self {
        self.proto.files.push(absolute(file));
        self
    }

    /// Adds a directory in which imports are looked up. Without any, it is the directory of the
    /// first proto file. cargo builds again when a file in it is added or changed, unless the
    /// directory contains the package.
    ///
    /// ```no_run
    /// carml_codegen::Builder::new()
    ///     .proto("proto/shop/v1/orders.proto")
    ///     .include("proto")
    ///     .include("third_party")
    ///     .generate()?;
    /// # Ok::<(), carml_codegen::Error>(())
    /// ```
    pub fn include(mut self, directory: impl Into<PathBuf>) -> Self {
        self.proto.includes.push(absolute(directory));
        self
    }

    /// Uses a Rust module for a proto package, or a Rust type for a message or enum, instead of
    /// generating it.
    ///
    /// ```no_run
    /// carml_codegen::Builder::new()
    ///     .proto("proto/app.proto")
    ///     .extern_path(".shop.v1", "::shop::proto::shop::v1")
    ///     .generate()?;
    /// # Ok::<(), carml_codegen::Error>(())
    /// ```
    pub fn extern_path(mut self, proto: impl Into<String>, rust: impl Into<String>) -> Self {
        self.proto.extern_paths.push((proto.into(), rust.into()));
        self
    }

    /// Adds an attribute to messages, enums and oneofs. The path may be that of a package, or `.`
    /// for every type.
    ///
    /// ```no_run
    /// carml_codegen::Builder::new()
    ///     .proto("proto/shop.proto")
    ///     .type_attribute(".shop.v1.Order", "#[derive(serde::Serialize)]")
    ///     .generate()?;
    /// # Ok::<(), carml_codegen::Error>(())
    /// ```
    pub fn type_attribute(mut self, path: impl Into<String>, attribute: impl Into<String>) -> Self {
        let attribute = (path.into(), attribute.into());
        self.proto.type_attributes.push(attribute);
        self
    }

    /// Adds an attribute to fields and enum values.
    ///
    /// ```no_run
    /// carml_codegen::Builder::new()
    ///     .proto("proto/shop.proto")
    ///     .type_attribute(".shop.v1.Order", "#[derive(serde::Serialize)]")
    ///     .field_attribute(".shop.v1.Order.id", "#[serde(skip)]")
    ///     .generate()?;
    /// # Ok::<(), carml_codegen::Error>(())
    /// ```
    pub fn field_attribute(
        mut self,
        path: impl Into<String>,
        attribute: impl Into<String>,
    ) -> Self {
        let attribute = (path.into(), attribute.into());
        self.proto.field_attributes.push(attribute);
        self
    }

    /// Makes fields of type `bytes` [`Bytes`](https://docs.rs/bytes) instead of `Vec<u8>`: a
    /// field, everything in a message or package, or `.` for all.
    ///
    /// ```no_run
    /// carml_codegen::Builder::new().proto("proto/shop.proto").bytes(".").generate()?;
    /// # Ok::<(), carml_codegen::Error>(())
    /// ```
    pub fn bytes(mut self, path: impl Into<String>) -> Self {
        self.proto.bytes.push(path.into());
        self
    }

    /// Writes into this directory instead of `OUT_DIR`.
    ///
    /// ```no_run
    /// carml_codegen::Builder::new().schema("schema/app.json").out_dir("src/generated").generate()?;
    /// # Ok::<(), carml_codegen::Error>(())
    /// ```
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
        if self.proto.files.is_empty() && self.schema.is_none() {
            return Err(Error::Nothing);
        }
        let out_dir = match &self.out_dir {
            Some(directory) => directory.clone(),
            None => std::env::var_os("OUT_DIR").ok_or(Error::NoOutDir)?.into(),
        };
        // Named before anything can fail: a build that failed is tried again after an edit.
        for file in self.schema.iter().chain(&self.proto.files) {
            output::rerun_if_changed(file);
        }
        // A new file may be one that an import, or the build script, is looking for.
        for directory in self.watched_directories() {
            output::rerun_if_changed(directory);
        }
        let (config, proto) =
            Report::both(self.compile_schema(), self.compile_protos()).map_err(Error::Invalid)?;
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

    fn compile_schema(&self) -> Result<Option<schema::Module>, Report> {
        let mut options = schema::Options::default();
        options.root.clone_from(&self.root);
        options.derives.clone_from(&self.derives);
        let compile = |file| schema::compile(file, &options);
        self.schema.as_deref().map(compile).transpose()
    }

    fn compile_protos(&self) -> Result<Option<proto::Module>, Report> {
        if self.proto.files.is_empty() {
            return Ok(None);
        }
        proto::compile(&self.proto).map(Some)
    }

    /// The include directories, without those in which the build itself writes.
    fn watched_directories(&self) -> impl Iterator<Item = &Path> {
        let package = absolute("");
        let directories = self.proto.includes.iter().map(PathBuf::as_path);
        directories.filter(move |directory| !package.starts_with(directory))
    }
}

/// As a report names it: an editor that opens it may run in another directory.
fn absolute(path: impl Into<PathBuf>) -> PathBuf {
    let directory = std::env::current_dir().unwrap_or_default();
    directory.join(path.into()).components().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn included_directories_are_watched_unless_the_package_is_inside() {
        let builder = Builder::new().include("proto").include(".").include("/");
        let watched: Vec<&Path> = builder.watched_directories().collect();
        assert_eq!(watched, [absolute("proto")]);
    }

    #[test]
    fn what_prost_can_do_is_an_option() {
        let builder = Builder::new()
            .extern_path(".a", "::a")
            .type_attribute(".", "#[derive(Eq)]")
            .field_attribute(".a.B.c", "#[serde(skip)]")
            .bytes(".a.B");
        assert_eq!(builder.proto.extern_paths.len(), 1);
        assert_eq!(builder.proto.type_attributes[0].0, ".");
        assert_eq!(builder.proto.field_attributes[0].1, "#[serde(skip)]");
        assert_eq!(builder.proto.bytes, [".a.B"]);
    }
}
