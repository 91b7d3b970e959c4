//! The calls of the contract that the capability table lists for etcd.

mod coordination;
mod keys;
mod watch;

carml_kv::provide!(etcd, super::Etcd);
