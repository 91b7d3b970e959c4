//! The services in a store.

use std::sync::Arc;

use crate::{
    config::model::Registry,
    discovery::{Directory, Format, KvDirectory},
    kv::{Error, Key, Kv},
};

/// Entries in this format, where the config has them.
pub(crate) fn directory(
    kv: Kv,
    config: &Registry,
    format: impl Format,
) -> Result<Arc<dyn Directory>, Error> {
    let prefix = Key::parse_dir(&config.discovery.prefix)?;
    Ok(Arc::new(KvDirectory::new(kv, prefix, format)))
}
