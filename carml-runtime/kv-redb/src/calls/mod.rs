//! The calls of the contract that the capability table lists for redb.

mod coordination;
mod keys;
mod watch;

carml_kv::provide!(redb, super::Redb);
