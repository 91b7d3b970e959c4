//! The built-in middlewares, one folder each, and what a middleware is to the chain.
//!
//! A new one is a folder here with a type of its name that is a [`Middleware`], and an entry in
//! `schema/grpc.json`; the rest is generated.

mod call;
mod hooks;
mod method_options;
mod place;
mod selection;

#[cfg(feature = "auth")]
pub(super) mod auth;
pub(super) mod circuit_breaker;
pub(super) mod client_auth;
#[cfg(feature = "compression")]
pub(super) mod compression;
pub(super) mod concurrency_limit;
pub(super) mod load_shed;
pub(super) mod logging;
pub(super) mod max_message_size;
pub(super) mod metrics;
pub(super) mod rate_limit;
pub(super) mod recover;
pub(super) mod retry;
pub(super) mod timeout;
#[cfg(feature = "tracing")]
pub(super) mod tracing;

#[cfg(feature = "auth")]
pub use auth::{Credential, Identity};
pub(super) use call::Call;
#[cfg(feature = "compression")]
pub use compression::MessageCompression;
pub(super) use hooks::{Implicit, Middleware, Passed};
use method_options::MethodOptions;
pub use metrics::{Calls, MethodCalls};
pub(super) use place::Refusal;
pub use place::{CalledTarget, Place};
