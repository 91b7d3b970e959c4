//! All channels of a config.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use carml_config::model::GrpcClient;
use carml_discovery::Resolver;
use carml_grpc::chain::Chain;

use crate::{channel::Channel, error::Error};

/// The channels of a config: one for each service, made when it is first asked for. Cheap to clone.
///
/// ```no_run
/// use carml_client::Clients;
/// use carml_config::model::GrpcClient;
///
/// # async fn example(config: GrpcClient) -> Result<(), carml_client::Error> {
/// // A service has this as `context.client(…)`.
/// let clients = Clients::new(&config, None)?;
/// let billing = clients.channel("billing.v1.Billing")?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Clients {
    inner: Arc<Inner>,
}

struct Inner {
    config: GrpcClient,
    chain: Chain,
    resolver: Option<Resolver>,
    channels: Mutex<HashMap<String, Channel>>,
}

impl Clients {
    /// The channels of this section, with instances from this registry.
    ///
    /// # Errors
    ///
    /// What is wrong with the chain.
    pub fn new(config: &GrpcClient, resolver: Option<Resolver>) -> Result<Self, Error> {
        let chain = Chain::client(&config.middleware).map_err(Error::Chain)?;
        Ok(Self::with_chain(config, chain, resolver))
    }

    /// The same, with a chain that was compiled from the section.
    pub fn with_chain(config: &GrpcClient, chain: Chain, resolver: Option<Resolver>) -> Self {
        Self {
            inner: Arc::new(Inner {
                config: config.clone(),
                chain,
                resolver,
                channels: Mutex::default(),
            }),
        }
    }

    /// The channel to a service: a name in `targets`, or else one in the registry. Call it inside a
    /// tokio runtime.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub fn channel(&self, service: &str) -> Result<Channel, Error> {
        let inner = &*self.inner;
        let mut channels = inner
            .channels
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(channel) = channels.get(service) {
            return Ok(channel.clone());
        }
        let default = carml_config::model::ClientTarget::default();
        let config = inner.config.targets.get(service).unwrap_or(&default);
        let channel = Channel::new(service, config, &inner.chain, inner.resolver.as_ref())?;
        channels.insert(service.to_owned(), channel.clone());
        Ok(channel)
    }
}

impl fmt::Debug for Clients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clients")
            .field("config", &self.inner.config)
            .finish_non_exhaustive()
    }
}
