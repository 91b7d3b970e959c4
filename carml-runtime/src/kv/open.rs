//! From the config to a handle.

#[cfg(feature = "etcd")]
mod etcd;
#[cfg(feature = "etcd")]
mod servers;

#[cfg(any(feature = "etcd", feature = "redb"))]
use crate::kv::capability::Provider;
use crate::{
    config::model::Registry,
    kv::{Error, ErrorKind, Kv},
};

/// Opens the store that the config names. `Unsupported` if the provider is not compiled in.
pub async fn open(config: &Registry) -> Result<Kv, Error> {
    match config.provider {
        #[cfg(feature = "redb")]
        Provider::Redb => redb(config).await,
        #[cfg(feature = "etcd")]
        Provider::Etcd => etcd::open(config).await,
        other => missing(other.as_str()),
    }
}

fn missing(provider: &'static str) -> Result<Kv, Error> {
    let why = format!(
        "this binary was built without the provider; enable the feature `{provider}` of \
         carml-runtime"
    );
    Err(Error::new(ErrorKind::Unsupported, "open", why).with_backend(provider))
}

#[cfg(feature = "redb")]
async fn redb(config: &Registry) -> Result<Kv, Error> {
    use crate::kv::redb::Redb;
    let (path, bucket) = (config.path.clone(), config.bucket.clone());
    let opened = tokio::task::spawn_blocking(move || Redb::open(path, &bucket)).await;
    let store = opened.unwrap_or_else(|e| {
        let why = "the opening task was cancelled";
        Err(Error::new(ErrorKind::Unavailable, "open", why)
            .with_backend("redb")
            .with_source(e))
    })?;
    Ok(Kv::new(store, config.timeout.get()))
}
