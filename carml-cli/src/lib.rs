//! What `carml kv` is made of: the key/value layer as a gRPC service, and a client for it that
//! fits behind [`carml_runtime::kv::Kv`].

pub mod kv;
