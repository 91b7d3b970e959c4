//! What the macros expand to. No part of the public interface: it changes without notice.
#![allow(missing_docs)]

use std::pin::Pin;

pub use crate::Service;
pub use crate::config::Requirement;
#[cfg(feature = "store")]
pub use crate::config::StoreCall;
pub use crate::config::{Section, support};
pub use crate::kv::capability::{Call, Scope};
pub use async_trait::async_trait;
use futures_core::Stream;
pub use tonic::{Request, Response, Status, Streaming};
pub use tonic_prost::ProstCodec;

pub type BoxStream<T> = Pin<Box<dyn Stream<Item = T> + Send + 'static>>;

pub fn boxed<S: Stream + Send + 'static>(stream: S) -> BoxStream<S::Item> {
    Box::pin(stream)
}

pub const fn requires(call: Call, scope: Scope) -> Requirement {
    Requirement::Kv(crate::kv::capability::Requirement { call, scope })
}

/// Absent without the feature: a service that needs the object store does not compile without it.
#[cfg(feature = "store")]
pub const fn requires_store(call: StoreCall, scope: Scope) -> Requirement {
    Requirement::Store { call, scope }
}

/// A plain answer. The macro sees only the tokens of its type, which may be an alias.
#[diagnostic::on_unimplemented(
    message = "a handler returns `Result<_, tonic::Status>`, found `{Self}`",
    label = "the error type must be `tonic::Status`",
    note = "implement `From<YourError> for Status`, return `Result<_, Status>`, and use `?`"
)]
pub trait Answer<T> {
    fn wrap(self) -> Result<Response<T>, Status>;
}

impl<T> Answer<T> for Result<T, Status> {
    fn wrap(self) -> Result<Response<T>, Status> {
        self.map(Response::new)
    }
}

/// What only `#[carml_service]` implements.
pub trait Sealed {}
