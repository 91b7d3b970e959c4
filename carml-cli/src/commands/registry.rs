//! Which store: a file, what a config names, or one that is served.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use carml_config::{Loader, Schema};
use carml_kv_service::KvClient;
use carml_runtime::{
    config::{self, Config},
    discovery::{KvDirectory, NamingFormat},
    kv::{self, Error, ErrorKind, Key, Kv, Opened},
    remote::RemoteConfigs,
};

use super::{could_not_run, invalid_input};

/// How long one call on a served store may take.
const TIMEOUT: Duration = Duration::from_secs(10);

#[derive(clap::Args)]
pub(crate) struct Choice {
    /// The file of the store; created if it does not exist
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,

    /// A carml.yml whose section `registry` names the store, such as an etcd cluster
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

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
pub(crate) enum Unopened {
    Config(config::Error),
    /// The config has no section `registry`.
    NoSection,
    Store(Error),
}

impl Unopened {
    /// Reports it: the exit code of the command.
    pub(crate) fn report(self) -> ExitCode {
        match self {
            Unopened::Config(error) => invalid_input(error),
            Unopened::NoSection => invalid_input(
                "the config has no section `registry`: add `registry:` with `provider: redb`, or \
                 use --file FILE",
            ),
            Unopened::Store(error) => failed(error, None),
        }
    }
}

impl Choice {
    /// What to do if the store cannot be reached.
    pub(crate) fn help(&self) -> Option<String> {
        let served = format!(
            "; is `carml kv serve` running at {}? --server names another address, --file a file, \
             --config a config",
            self.server
        );
        (self.file.is_none() && self.config.is_none()).then_some(served)
    }

    /// Opens it; services are below `prefix` instead of where the config says.
    pub(crate) async fn open(self, prefix: Option<&str>) -> Result<Opened, Unopened> {
        if self.file.is_none() && self.config.is_none() {
            return self.served(prefix).map_err(Unopened::Store);
        }
        let config = self.read(prefix).await.map_err(Unopened::Config)?;
        let registry = config.registry.ok_or(Unopened::NoSection)?;
        kv::open_registry(&registry).await.map_err(Unopened::Store)
    }

    fn served(&self, prefix: Option<&str>) -> Result<Opened, Error> {
        let prefix = Key::parse_dir(prefix.unwrap_or_default())?;
        let kv = Kv::new(KvClient::new(&self.server)?, TIMEOUT);
        let directory = KvDirectory::new(kv.clone(), prefix, NamingFormat);
        Ok(Opened::new(kv, directory))
    }

    /// The sections that say which store it is.
    async fn read(&self, prefix: Option<&str>) -> Result<Config, config::Error> {
        let mut loader = Loader::new(Schema::base()?).sections(&["app", "registry"]);
        if self.config.is_some() {
            loader = loader.env(std::env::vars_os());
        }
        let prefix = prefix.map(|prefix| format!("registry.discovery.prefix={}", quoted(prefix)));
        let sets = self.path().into_iter().chain(prefix);
        let loader = sets.fold(loader, Loader::set);
        let (loader, _) = RemoteConfigs::add(self.config.clone(), loader).await?;
        loader.load()?.typed()
    }

    /// `--file` as an assignment over a config.
    pub(crate) fn path(&self) -> Option<String> {
        let file = self.file.as_ref()?;
        Some(format!(
            "registry.path={}",
            quoted(&file.display().to_string())
        ))
    }
}

/// As a YAML text, whatever it looks like.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Ends a command whose store failed: exit code 1 for what the caller can correct, 2 for everything
/// else.
pub(crate) fn failed(mut error: Error, help: Option<String>) -> ExitCode {
    use ErrorKind::{
        Busy, Conflict, InvalidArgument, InvalidKey, LeaseLost, LockLost, TooLarge, Unavailable,
    };
    if error.kind == Unavailable {
        error.message.extend(help);
    }
    match error.kind {
        Conflict | InvalidKey | InvalidArgument | TooLarge | Busy | LeaseLost | LockLost => {
            invalid_input(error)
        }
        _ => could_not_run(error),
    }
}
