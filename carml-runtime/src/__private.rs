//! What the macros expand to. No part of the public interface: it changes without notice.
#![allow(missing_docs)]

use std::{convert::Infallible, future::Future, pin::Pin};

use futures_core::Stream;
use tonic::{body::Body, server::NamedService};

use crate::grpc::Described;

pub use crate::config::Section;
pub use crate::kv::capability::{Call, Requirement, Scope};
pub use async_trait::async_trait;
pub use tonic::{Request, Response, Status, Streaming};
pub use tonic_prost::ProstCodec;

pub type BoxStream<T> = Pin<Box<dyn Stream<Item = T> + Send + 'static>>;

pub fn boxed<S: Stream + Send + 'static>(stream: S) -> BoxStream<S::Item> {
    Box::pin(stream)
}

/// Names the tonic form of a plain answer: the macro sees only the tokens of its type, which may
/// be an alias.
pub trait Answer {
    type Wrapped;
}

impl<T> Answer for Result<T, Status> {
    type Wrapped = Result<Response<T>, Status>;
}

/// A user's service, ready to be routed.
pub trait Service: Send + Sync + 'static {
    type Server: Server + Described;

    const REQUIRES: &'static [Requirement];

    fn into_server(self) -> Self::Server;
}

/// What tonic-build writes for a service.
pub trait Server:
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

impl<T> Server for T where
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
