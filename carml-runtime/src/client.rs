//! Clients of other services: see [`Context::client`](crate::Context::client), and the page
//! `docs/clients.md`.

pub use carml_client::*;

use crate::grpc::FileDescriptors;

/// A client that the build generates for a service.
pub trait GeneratedClient: FileDescriptors + Sized {
    /// The full name of the service, such as `billing.v1.Billing`.
    const NAME: &'static str;

    /// The client over this channel. Its own message limits are turned off: `max_message_size`
    /// enforces them.
    fn new(channel: Channel) -> Self;
}
