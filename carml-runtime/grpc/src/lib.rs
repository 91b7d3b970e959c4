//! gRPC serving for CarML: the middleware chain of a server, in the order that its config lists,
//! health and reflection.
//!
//! A chain is compiled once from the list and is then a `tower` layer around the services:
//!
//! ```
//! use carml_config::model::ServerMiddleware;
//! use carml_grpc::chain::{Chain, ChainLayer};
//! use tonic::{service::Routes, transport::Server};
//!
//! # fn routes() -> Routes { Routes::default() }
//! # async fn serve() -> Result<(), Box<dyn std::error::Error>> {
//! let chain = Chain::compile(&[
//!     ServerMiddleware::Recover,
//!     ServerMiddleware::Tracing,
//!     ServerMiddleware::Logging,
//!     ServerMiddleware::Timeout("30s".parse()?),
//! ])?;
//! Server::builder()
//!     .layer(ChainLayer::new(chain))
//!     .add_routes(routes())
//!     .serve("127.0.0.1:50051".parse()?)
//!     .await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Modules
//!
//! - [`chain`]: from a list of middlewares to a layer; layers that are not built in.
//! - `middleware`: the built-in ones, a folder each, and the trait that they implement. Which there
//!   are is generated from `schema/grpc.json`.
//! - [`health`], [`reflection`]: the standard services of a server.
//! - `status`: every status that the runtime itself answers with; `code`: codes as text;
//!   `deadline`: the header `grpc-timeout`.
//!
//! # Features
//!
//! - `reflection`: gRPC server reflection, v1 and v1alpha.

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
pub use shutdown::{Shutdown, ShutdownTrigger};
