//! The arguments that name a config, shared by several commands.

use std::path::PathBuf;

use carml_config::{Error, Loader, Schema};
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

    /// Read this file instead of searching for one; later files win. A key of a store, such as
    /// etcd://10.0.0.1:2379/config/shop.yml, wins over files
    #[arg(long, value_name = "FILE")]
    config: Vec<PathBuf>,

    /// Set one value, which wins over files and variables: --set registry.timeout=5s
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

impl ConfigArgs {
    /// As if given on the command line, with CarML's own schema.
    #[cfg(feature = "store")]
    pub(crate) fn new(config: Vec<PathBuf>, set: Vec<String>) -> Self {
        Self {
            schema: SchemaArgs { schema: None },
            config,
            set,
        }
    }

    /// A loader of all layers, as a service has it. Reads the ones that are in stores.
    pub(crate) fn loader(&self, schema: Schema) -> Result<Loader, Error> {
        let carml = schema.is_carml();
        let loader = Loader::new(schema);
        let mut loader = self.set.iter().fold(loader, Loader::set);
        if !carml {
            return Ok(self.config.iter().fold(loader.verbatim(), Loader::file));
        }
        loader = loader.env(std::env::vars_os());
        let mut names = self.config.clone();
        if names.is_empty() {
            match remote::from_environment() {
                Some(name) => names.push(name),
                None => loader = loader.search(),
            }
        }
        remote::add(names, loader)
    }
}

/// Configs in stores.
#[cfg(feature = "kv")]
mod remote {
    use std::path::PathBuf;

    use carml_config::{Error, Loader};
    use carml_diagnostic::{Diagnostic, Kind, Public, RawReport, Unreadable};
    pub(super) use carml_runtime::remote::from_environment;
    use carml_runtime::remote::{RemoteConfigs, is_remote};

    pub(super) fn add(names: Vec<PathBuf>, loader: Loader) -> Result<Loader, Error> {
        if !names.iter().any(|name| is_remote(name)) {
            return Ok(names.iter().fold(loader, Loader::file));
        }
        match tokio::runtime::Runtime::new() {
            Ok(runtime) => {
                let (loader, _) = runtime.block_on(RemoteConfigs::add(names, loader))?;
                Ok(loader)
            }
            Err(error) => {
                let error = Diagnostic::new(Kind::Unreadable {
                    file: "the config of the store".to_owned(),
                    reason: Unreadable::from(&error),
                });
                Err(Error::Unreadable(RawReport::from(error).redact(&Public)))
            }
        }
    }
}

/// A build without the runtime reads files only.
#[cfg(not(feature = "kv"))]
mod remote {
    use std::path::PathBuf;

    use carml_config::{Error, Loader};

    pub(super) fn from_environment() -> Option<PathBuf> {
        None
    }

    pub(super) fn add(names: Vec<PathBuf>, loader: Loader) -> Result<Loader, Error> {
        Ok(names.into_iter().fold(loader, Loader::file))
    }
}
