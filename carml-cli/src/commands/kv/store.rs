//! Which store: a file, what a config names, or one that is served.

use std::{path::PathBuf, time::Duration};

use carml_config::{Loader, Schema};
use carml_kv_service::KvClient;
use carml_runtime::{
    config::{self, Config, model::Registry},
    kv::{self, Error, Kv},
};

/// How long one call on a served store may take.
const TIMEOUT: Duration = Duration::from_secs(10);

#[derive(clap::Args)]
pub(super) struct Choice {
    /// The file of the store; created if it does not exist
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) file: Option<PathBuf>,

    /// A carml.yml that names the store, such as an etcd cluster
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,

    /// The address of a served store; ignored with `--file` and `--config`
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "CARML_KV_SERVER",
        default_value = "http://127.0.0.1:50051"
    )]
    server: String,
}

/// Why there is no store.
pub(super) enum Unopened {
    Config(config::Error),
    Store(Error),
}

impl Choice {
    /// What to do if the store cannot be reached.
    pub(super) fn help(&self) -> Option<String> {
        let served = format!(
            "; is `carml kv serve` running at {}? --server names another address, --file a file, \
             --config a config",
            self.server
        );
        (self.file.is_none() && self.config.is_none()).then_some(served)
    }

    pub(super) async fn open(self) -> Result<Kv, Unopened> {
        let registry = match self.registry().map_err(Unopened::Config)? {
            Some(registry) => registry,
            None => {
                let client = KvClient::new(&self.server).map_err(Unopened::Store)?;
                return Ok(Kv::new(client, TIMEOUT));
            }
        };
        kv::open(&registry).await.map_err(Unopened::Store)
    }

    /// `None`: a served store.
    fn registry(&self) -> Result<Option<Registry>, config::Error> {
        let Some(config) = &self.config else {
            let file = self.file.as_ref();
            return Ok(file.map(|file| Registry {
                path: file.display().to_string(),
                ..Registry::default()
            }));
        };
        let loader = Loader::new(Schema::base()?).file(config);
        let loader = loader.env(std::env::vars_os());
        let loader = self.path().into_iter().fold(loader, Loader::set);
        let config: Config = loader.load()?.typed()?;
        Ok(Some(config.registry.unwrap_or_default()))
    }

    /// `--file` as an assignment over a config.
    pub(super) fn path(&self) -> Option<String> {
        let file = self.file.as_ref()?;
        Some(format!(
            "registry.path={}",
            quoted(&file.display().to_string())
        ))
    }
}

/// As a YAML text, whatever it looks like.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
