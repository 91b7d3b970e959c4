//! `carml.kv.v1.KeyValue`: the key/value layer as a gRPC service over any backend, and a client for
//! it that fits behind [`carml_runtime::kv::Kv`].

carml_runtime::include_generated!();

mod convert;
mod parts;
mod remote;
mod service;

pub use proto::carml::kv::v1 as api;
pub use remote::Remote;
pub use service::Service;
