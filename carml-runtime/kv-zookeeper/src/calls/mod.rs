//! The calls of the contract that the capability table lists for ZooKeeper.

mod coordination;
mod keys;
mod list;
mod watch;

carml_kv::provide!(zookeeper, super::Zookeeper);
