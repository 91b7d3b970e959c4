//! The calls of the contract that the capability table lists for Consul.

mod coordination;
mod keys;
mod watch;

carml_kv::provide!(consul, crate::Consul);
