//! gRPC clients: where the instances of a service are, which of them a call goes to, and what
//! happens if that fails. All of it comes from the config.
//!
//! [`Clients`] has a [`Channel`] for each service that the config names, or that is registered. A
//! generated client takes a channel as it takes one of tonic's:
//!
//! ```no_run
//! use carml_client::Channel;
//! use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let channel = Channel::to("dns:///billing.internal:50051")?;
//! let mut health = HealthClient::new(channel);
//! let answer = health.check(HealthCheckRequest::default()).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Modules
//!
//! - [`Channel`]: from a request to the chain; `clients`: all channels of a config; `settings`: what
//!   the config says of one.
//! - `target`: the instances, how they are found, and which one a call goes to.
//! - `connection`: one connection to an instance, kept by a task of its own.
//! - `call`: a call and its attempts.
//! - `methods`: whether the names of methods in a config exist.
//! - `chains`: what a call passes through; `counters`, `report`: what an operator sees.
//! - `status`: every status that the client itself ends a call with.

mod address;
mod call;
mod chains;
mod channel;
mod clients;
mod connection;
mod counters;
mod error;
mod methods;
mod report;
mod settings;
mod status;
mod target;

pub use chains::Chains;
pub use channel::{Channel, ChannelFuture};
pub use clients::Clients;
pub use error::Error;
pub use methods::{MethodProblem, check_methods};
pub use report::{EndpointReport, TargetReport};
