//! Downloads from servers that misbehave.

#[path = "../support/mod.rs"]
mod support;

mod answers;
mod caching;
mod changes;
mod cuts;
mod policies;
mod sharing;
