//! gRPC serving for CarML: the middleware chain of a server, in the order that its config lists,
//! health and reflection.
//!
//! A chain is compiled once from the list and is then a `tower` layer around the services:
//!
//! ```
//! use carml_config::{Duration, model::ServerMiddleware};
//! use carml_grpc::chain::{Chain, ChainLayer};
//! use carml_grpc::server::{Listener, Server};
//! use carml_config::model::GrpcServer;
//! use tonic::service::Routes;
//! use tower_layer::Layer;
//!
//! # fn routes() -> Routes { Routes::default() }
//! # async fn serve() -> Result<(), Box<dyn std::error::Error>> {
//! let chain = Chain::compile(&[
//!     ServerMiddleware::Recover,
//!     ServerMiddleware::Tracing(Default::default()),
//!     ServerMiddleware::Logging(Default::default()),
//!     ServerMiddleware::Timeout("30s".parse::<Duration>()?.into()),
//! ])?;
//! let listener = Listener::bind("127.0.0.1:50051").await?;
//! let service = ChainLayer::new(chain).layer(routes());
//! let running = Server::new(&GrpcServer::default()).start(listener, service);
//! // … until the process is asked to stop …
//! running.drain();
//! running.ended().await;
//! # Ok(())
//! # }
//! ```
//!
//! # Modules
//!
//! - [`chain`]: from a list of middlewares to a layer; layers that are not built in.
//! - `middleware`: the built-in ones, a folder each, and the trait that they implement. Which there
//!   are is generated from `schema/grpc.json`.
//! - [`server`]: the accept loop, connections, and their limits.
//! - [`health`], [`reflection`]: the standard services of a server.
//! - `methods`: which methods are served; `by_method`: what is kept of those that are called;
//!   `message`: messages as bytes.
//! - `status`: every status that the server itself answers with; `foreign_status`: those of other
//!   services, on their way through a handler; [`code`]: codes as text;
//!   [`deadline`]: the header `grpc-timeout`.
//! - [`CallContext`]: what the calls that a handler makes take from its own.
//!
//! # Features
//!
//! - `auth`, `compression`: the middlewares of these names.
//! - `reflection`: gRPC server reflection, v1 and v1alpha.

mod by_method;
mod call_context;
pub mod chain;
pub mod code;
pub mod deadline;
mod descriptors;
mod foreign_status;
pub mod health;
mod message;
mod methods;
mod middleware;
pub mod reflection;
pub mod server;
mod shutdown;
mod status;

pub use by_method::ByMethod;
pub use call_context::{CallContext, InContext};
pub use descriptors::FileDescriptors;
pub use methods::Methods;
#[cfg(feature = "compression")]
pub use middleware::MessageCompression;
pub use middleware::{CalledTarget, Calls, MethodCalls, Place};
#[cfg(feature = "auth")]
pub use middleware::{Credential, Identity};
pub use shutdown::{Shutdown, ShutdownTrigger};
