//! Which cache, and with which options.

use std::path::PathBuf;

use carml_config::{Loader, Schema};
use carml_runtime::{
    config::{self, Config},
    download::{self, Downloads, Error, Options},
    remote::RemoteConfigs,
};

#[derive(clap::Args)]
pub(crate) struct Choice {
    /// The folder of the cache [default: that of the config, else `carml` in your cache folder]
    #[arg(long, global = true, value_name = "DIR", env = "CARML_DOWNLOAD_CACHE")]
    cache: Option<PathBuf>,

    /// A carml.yml with a section `download` (credentials, mirrors, proxy, limits), and a section
    /// `store` for `store:` URLs
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Why there is no download manager.
pub(crate) enum Unopened {
    Config(config::Error),
    Downloads(Error),
    #[cfg(feature = "store")]
    Store(carml_runtime::store::Error),
}

impl Choice {
    /// `has_objects`: whether `store:` URLs are downloaded, which need the store of the config.
    pub(crate) async fn open(
        self,
        has_objects: bool,
        change: impl FnOnce(&mut Options),
    ) -> Result<Downloads, Unopened> {
        let config = self.read().await.map_err(Unopened::Config)?;
        let section = config.download.unwrap_or_default();
        let tempdir = config.app.tempdir.as_deref();
        let mut options = download::options(&section, tempdir).map_err(Unopened::Downloads)?;
        if let Some(cache) = self.cache {
            options.directory = cache;
        }
        change(&mut options);
        #[cfg(feature = "store")]
        if let Some(section) = config.store.filter(|_| has_objects) {
            let store = carml_runtime::store::open(&section).await;
            let store = store.map_err(Unopened::Store)?;
            return Downloads::with_store(&options, store).map_err(Unopened::Downloads);
        }
        #[cfg(not(feature = "store"))]
        let _ = has_objects;
        Downloads::open(&options).map_err(Unopened::Downloads)
    }

    async fn read(&self) -> Result<Config, config::Error> {
        let mut loader = Loader::new(Schema::base()?).sections(&["app", "download", "store"]);
        if self.config.is_some() {
            loader = loader.env(std::env::vars_os());
        }
        let (loader, _) = RemoteConfigs::add(self.config.clone(), loader).await?;
        loader.load()?.typed()
    }
}
