//! From the config to a handle.

#[cfg(feature = "consul")]
mod consul;
#[cfg(any(feature = "etcd", feature = "redb", feature = "zookeeper"))]
mod directory;
#[cfg(feature = "etcd")]
mod etcd;
#[cfg(any(feature = "consul", feature = "etcd", feature = "zookeeper"))]
mod servers;
#[cfg(feature = "zookeeper")]
mod zookeeper;

use std::sync::Arc;

#[cfg(any(
    feature = "consul",
    feature = "etcd",
    feature = "redb",
    feature = "zookeeper"
))]
use crate::kv::capability::Provider;
use crate::{
    config::model::Registry,
    discovery::Directory,
    kv::{Error, ErrorKind, Kv},
};

/// What the section `registry` names.
#[derive(Clone)]
#[non_exhaustive]
pub struct Opened {
    /// The key/value store.
    pub kv: Kv,
    /// The same store without the bucket, if the provider has keys of other programs. It ends with
    /// the store.
    pub root: Kv,
    /// The services that are registered in it. It ends with the store.
    pub directory: Arc<dyn Directory>,
}

impl Opened {
    /// A store that has nothing outside of its bucket, and a directory that ends with it.
    pub fn new(kv: Kv, directory: impl Directory) -> Self {
        Self {
            root: kv.clone(),
            kv,
            directory: Arc::new(directory),
        }
    }
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Opened").field(&self.kv).finish()
    }
}

/// Opens the store that the config names. `Unsupported` if the provider is not compiled in.
pub async fn open(config: &Registry) -> Result<Kv, Error> {
    Ok(open_registry(config).await?.kv)
}

/// Opens the store that the config names, with the services that are registered in it.
/// `Unsupported` if the provider is not compiled in.
pub async fn open_registry(config: &Registry) -> Result<Opened, Error> {
    match config.provider {
        #[cfg(feature = "redb")]
        Provider::Redb => redb(config).await,
        #[cfg(feature = "consul")]
        Provider::Consul => consul::open(config).await,
        #[cfg(feature = "etcd")]
        Provider::Etcd => etcd::open(config).await,
        #[cfg(feature = "zookeeper")]
        Provider::Zookeeper => zookeeper::open(config).await,
        other => missing(other.as_str()),
    }
}

fn missing(provider: &'static str) -> Result<Opened, Error> {
    let why = format!(
        "this binary was built without the provider; enable the feature `{provider}` of \
         carml-runtime"
    );
    Err(Error::new(ErrorKind::Unsupported, "open", why).with_backend(provider))
}

#[cfg(feature = "redb")]
async fn redb(config: &Registry) -> Result<Opened, Error> {
    use crate::{discovery::NamingFormat, kv::redb::Redb};
    let (path, bucket) = (config.path.clone(), config.bucket.clone());
    let opened = tokio::task::spawn_blocking(move || Redb::open(path, &bucket)).await;
    let store = opened.unwrap_or_else(|e| {
        let why = "the opening task was cancelled";
        Err(Error::new(ErrorKind::Unavailable, "open", why)
            .with_backend("redb")
            .with_source(e))
    })?;
    let kv = Kv::new(store, config.timeout.get());
    let directory = directory::directory(kv.clone(), config, NamingFormat)?;
    Ok(Opened {
        root: kv.clone(),
        kv,
        directory,
    })
}
