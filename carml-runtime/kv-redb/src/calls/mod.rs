//! The calls of the contract, as the table says.
mod hold;
mod keys;
mod watch;

carml_kv::provide!(redb, super::Redb);
