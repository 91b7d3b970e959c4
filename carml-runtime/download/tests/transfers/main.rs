//! Downloads from servers that misbehave.

#[path = "../support/mod.rs"]
mod support;

mod answers;
mod caching;
mod changes;
mod cuts;
#[cfg(feature = "store")]
mod objects;
mod policies;
mod sharing;
mod split;
mod tls;
