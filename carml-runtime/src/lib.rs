//! The runtime of CarML services.

pub mod config;
pub mod grpc;
pub mod kv;

#[doc(hidden)]
pub mod __private;
mod include;
mod status;

pub use carml_macros::carml_service;
