//! One binary, and another store by another config alone.
#![cfg(unix)]
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

mod registry_block;
mod same_results;
mod service;
