//! The arguments that name a config, shared by several commands.

use std::path::PathBuf;

use carml_config::{Loader, Schema};
use carml_diagnostic::Report;

/// The schema.
#[derive(clap::Args)]
pub(crate) struct SchemaArgs {
    /// The JSON Schema of the config; CarML's own if absent
    #[arg(long, value_name = "FILE")]
    schema: Option<PathBuf>,
}

impl SchemaArgs {
    pub(crate) fn open(&self) -> Result<Schema, Report> {
        match &self.schema {
            Some(path) => Schema::open(path),
            None => Schema::base(),
        }
    }
}

/// The layers.
#[derive(clap::Args)]
pub(crate) struct ConfigArgs {
    #[command(flatten)]
    pub(crate) schema: SchemaArgs,

    /// Read this file instead of searching for one; later files win
    #[arg(long, value_name = "FILE")]
    config: Vec<PathBuf>,

    /// Set one value over all files and variables: --set registry.timeout=5s
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

impl ConfigArgs {
    /// A loader of all layers, as a service has it.
    pub(crate) fn loader(&self, schema: Schema) -> Loader {
        let carml = schema.is_carml();
        let mut loader = Loader::new(schema);
        loader = match (&self.config[..], carml) {
            ([], true) => loader.search(),
            (files, _) => files.iter().fold(loader, Loader::file),
        };
        loader = if carml {
            loader.env(std::env::vars_os())
        } else {
            loader.verbatim()
        };
        self.set.iter().fold(loader, Loader::set)
    }
}
