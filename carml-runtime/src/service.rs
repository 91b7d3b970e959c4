//! What an app serves.

use std::{convert::Infallible, future::Future};

use tonic::{body::Body, server::NamedService};

use crate::{__private::Sealed, config::Requirement, grpc::FileDescriptors};

/// A gRPC service that [`App::service`](crate::App::service) takes.
///
/// [`#[carml_service]`](crate::carml_service) implements it for the type whose `impl` it is on;
/// nothing else does. A type implements one service.
pub trait Service: Sealed + Send + Sync + 'static {
    /// The server that was generated from the proto file.
    type Server: GeneratedServer + FileDescriptors;

    /// What `requires(…)` names: calls of the stores, checked when the app starts.
    const REQUIRES: &'static [Requirement];

    /// The server around this service. Its own message limits are turned off: `max_message_size`
    /// enforces them.
    fn into_server(self) -> Self::Server;
}

/// A server as tonic generates it for a service: an HTTP service with a name.
pub trait GeneratedServer:
    tower_service::Service<
        http::Request<Body>,
        Response = http::Response<Body>,
        Error = Infallible,
        Future: Future<Output = Result<http::Response<Body>, Infallible>> + Send + 'static,
    > + NamedService
    + Clone
    + Send
    + Sync
    + 'static
{
}

impl<T> GeneratedServer for T where
    T: tower_service::Service<
            http::Request<Body>,
            Response = http::Response<Body>,
            Error = Infallible,
            Future: Future<Output = Result<http::Response<Body>, Infallible>> + Send + 'static,
        > + NamedService
        + Clone
        + Send
        + Sync
        + 'static
{
}
