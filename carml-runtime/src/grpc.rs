//! gRPC serving.
//!
//! - [`chain`]: the middlewares of a server, in the operator's order.

pub use carml_grpc::{FileDescriptors, chain};
