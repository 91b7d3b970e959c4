//! The services in a store.

use std::sync::Arc;

use crate::{
    config::model::Registry,
    discovery::{Directory, KvDirectory, NamingFormat},
    kv::{Error, Key, Kv},
};

/// In the format of etcd's own gRPC naming.
pub(crate) fn naming(kv: Kv, config: &Registry) -> Result<Arc<dyn Directory>, Error> {
    let prefix = Key::parse_dir(&config.discovery.prefix)?;
    Ok(Arc::new(KvDirectory::new(kv, prefix, NamingFormat)))
}
