//! The calls of the contract, as the table says.
mod hold;
mod keys;
mod watch;

crate::kv::capability::provide!(redb, super::Redb);
