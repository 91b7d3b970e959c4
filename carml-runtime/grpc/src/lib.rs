//! gRPC serving.
//!
//! - [`chain`]: the middlewares of a server, in the operator's order.
//! - [`health`], [`reflection`]: the standard services of a server.

pub mod chain;
mod described;
pub mod health;
mod middleware;
pub mod reflection;
mod shutdown;
mod status;

pub use described::Described;
pub use shutdown::Shutdown;
