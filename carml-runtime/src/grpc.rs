//! gRPC serving.
//!
//! - [`chain`]: the middlewares of a server, in the order of the config.
//! - [`server`]: the accept loop and connections.
//! - [`Methods`], [`Place`]: what both know of the services; [`code`]: codes as text.

#[cfg(feature = "compression")]
pub use carml_grpc::MessageCompression;
#[cfg(feature = "auth")]
pub use carml_grpc::{Credential, Identity};
pub use carml_grpc::{FileDescriptors, Methods, Place, chain, code, server};
