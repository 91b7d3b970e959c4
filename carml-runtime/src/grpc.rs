//! gRPC serving.
//!
//! - [`chain`]: the middlewares of a server, in the operator's order.
//! - [`server`]: its accept loop and connections.
//! - [`code`]: codes as text.

pub use carml_grpc::{FileDescriptors, chain, code, server};
