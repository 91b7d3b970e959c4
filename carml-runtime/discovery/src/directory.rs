//! A place that keeps instances.

use std::{sync::Arc, time::Duration};

use carml_kv::{BoxFuture, Error, contract::Answer};
use futures_util::stream::BoxStream;

use crate::{Instance, RegisteredInstance};

/// A naming service: it stores the instances of services, and reports changes.
///
/// An implementation does not have to retry, or to keep the last known instances:
/// [`Registrar`](crate::Registrar) and [`Resolver`](crate::Resolver) do that.
pub trait Directory: Send + Sync + 'static {
    /// The name of the provider, for logs.
    fn provider(&self) -> &'static str;

    /// Adds an instance of each service. The entries are removed no earlier than `ttl` after the
    /// process has ended or cannot reach the directory any more.
    fn register<'a>(
        &'a self,
        services: &'a [String],
        instance: &'a Instance,
        ttl: Duration,
    ) -> Answer<'a, Box<dyn Registration>>;

    /// All instances of all services.
    fn list(&self) -> Answer<'_, Vec<RegisteredInstance>>;

    /// The instances of a service, first as they are and then after each change. An outage does not
    /// end the stream; an error does.
    fn watch<'a>(
        &'a self,
        service: &'a str,
    ) -> Answer<'a, BoxStream<'static, Result<Update, Error>>>;
}

/// Entries that a directory keeps for this process. Dropping it stops the renewals: the entries are
/// removed after their ttl.
pub trait Registration: Send {
    /// Resolves when an entry no longer exists, with the reason. Dropping the future has no effect.
    fn lost(&mut self) -> BoxFuture<'_, String>;

    /// Removes the entries.
    fn remove(self: Box<Self>) -> Answer<'static, ()>;

    /// Ends a registration whose entries another one has taken over.
    fn replaced(self: Box<Self>);
}

/// What a directory reports of a service.
#[derive(Clone, Debug)]
pub enum Update {
    /// All instances.
    Instances {
        /// Each address once.
        instances: Vec<Arc<Instance>>,
        /// Whether changes may have been missed before, such as in an outage.
        is_resync: bool,
    },
    /// The directory cannot be reached: changes are not seen.
    Unreachable,
}
