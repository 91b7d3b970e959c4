//! The built-in middlewares, one folder each, and what a middleware is to the chain.
//!
//! A new one is a folder here with a type of its name that is a [`Middleware`], and an entry in
//! `schema/grpc.json`; the rest is generated.

mod call;
mod hooks;

pub(super) mod concurrency_limit;
pub(super) mod logging;
pub(super) mod max_message_size;
pub(super) mod rate_limit;
pub(super) mod recover;
pub(super) mod timeout;
#[cfg(feature = "tracing")]
pub(super) mod tracing;

pub(super) use call::Call;
pub(super) use hooks::{Implicit, Middleware, Passed};
