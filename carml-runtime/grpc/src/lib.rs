//! gRPC serving.
//!
//! - [`chain`]: the middlewares of a server, in the operator's order.
//! - [`health`], [`reflection`]: the standard services of a server.

pub mod chain;
mod code;
mod deadline;
mod descriptors;
pub mod health;
mod middleware;
pub mod reflection;
mod shutdown;
mod status;

pub use descriptors::FileDescriptors;
pub use shutdown::Shutdown;
