//! `carml.kv.v1.KeyValue`: served over any backend, and a backend that calls one served.

carml_runtime::include_generated!();

mod convert;
mod parts;
mod remote;
mod service;

pub use proto::carml::kv::v1 as api;
pub use remote::Remote;
pub use service::Service;
