//! The key/value layer: the contract, and the store that a config names.

mod open;

pub use carml_kv::*;
#[cfg(feature = "consul")]
pub use carml_kv_consul as consul;
#[cfg(feature = "etcd")]
pub use carml_kv_etcd as etcd;
#[cfg(feature = "redb")]
pub use carml_kv_redb as redb;
#[cfg(feature = "zookeeper")]
pub use carml_kv_zookeeper as zookeeper;

pub use open::{Opened, open, open_registry};
