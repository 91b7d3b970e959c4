//! Configs that are keys of a store: `etcd://10.0.0.1:2379/config/shop.yml`.
//!
//! `--config`, `$CARML_CONFIG_FILE` and [`App::config_file`](crate::App::config_file) take such an
//! address in place of a path. The text wins over files, and variables win over it. It is read when
//! the config is loaded, and followed from then on: [`ConfigReload`](crate::ConfigReload) sees a
//! change at once.

mod address;
mod source;

pub use address::{InvalidAddress, RemoteAddress};
pub use source::RemoteConfig;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::sync::watch;

use crate::{
    config::{self, Config, Loader, Schema},
    kv::Opened,
};

/// The configs in stores that a loader reads. Cheap to clone; the last one ends their watches.
#[derive(Clone, Debug)]
pub struct RemoteConfigs {
    all: Arc<[Arc<RemoteConfig>]>,
    /// Kept, so that [`changes`](Self::changes) never ends.
    _changed: watch::Sender<()>,
    changes: watch::Receiver<()>,
}

impl RemoteConfigs {
    /// Adds what `names` has of addresses to a loader that has the other layers, and its paths as
    /// files. The section `registry` of the other layers says how to log in, and which servers there
    /// are if the address does not name them.
    ///
    /// A store that cannot be reached is an error of the load.
    ///
    /// # Errors
    ///
    /// Every error of the other layers, if there is an address.
    pub async fn add(
        names: impl IntoIterator<Item = PathBuf>,
        mut loader: Loader,
    ) -> Result<(Loader, Self), config::Error> {
        let mut addresses = Vec::new();
        for name in names {
            match address(&name) {
                Some(address) => addresses.push(address),
                None => loader = loader.file(name),
            }
        }
        let (changed, changes) = watch::channel(());
        let mut all = Vec::with_capacity(addresses.len());
        if !addresses.is_empty() {
            let below = loader.clone().with_schema(Schema::base()?);
            let below: Config = below.placeholders_as_warnings().load()?.typed()?;
            let registry = below.registry.unwrap_or_default();
            for address in &addresses {
                let open = RemoteConfig::open(address, &registry, changed.clone());
                let config = Box::pin(open).await;
                loader = loader.remote(config.clone());
                all.push(config);
            }
        }
        let configs = Self {
            all: all.into(),
            _changed: changed,
            changes,
        };
        Ok((loader, configs))
    }

    /// Follows the keys of the embedded store, which only one handle can open.
    pub(crate) fn follow(&self, opened: &Opened) {
        for config in &*self.all {
            config.follow_in(opened);
        }
    }

    /// Changes when one of the texts does.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changes.clone()
    }
}

/// `None`: the path of a file.
fn address(name: &Path) -> Option<Result<RemoteAddress, InvalidAddress>> {
    name.to_str().and_then(RemoteAddress::parse)
}

/// Whether `$CARML_CONFIG_FILE` names a key of a store.
#[must_use]
pub fn from_environment() -> Option<PathBuf> {
    let named = std::env::var_os("CARML_CONFIG_FILE").map(PathBuf::from);
    named.filter(|name| is_remote(name))
}

/// Whether a config is a key of a store, and not a file.
#[must_use]
pub fn is_remote(name: &Path) -> bool {
    address(name).is_some()
}
