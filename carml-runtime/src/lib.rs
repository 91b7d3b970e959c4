//! The runtime of CarML services.

pub mod config;
pub mod kv;
