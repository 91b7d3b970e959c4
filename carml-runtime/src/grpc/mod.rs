//! gRPC serving.
//!
//! - [`chain`]: the middlewares of a server, in the operator's order.
//! - [`middleware`]: what each of them does.

pub mod chain;
mod described;
pub mod middleware;
pub(crate) mod reflection;

pub use described::Described;
