//! All channels of a config.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use carml_config::model::GrpcClient;
use carml_discovery::Resolver;
use carml_telemetry::metrics::Metrics;

use crate::{
    chains::Chains, channel::Channel, counters::Registry, error::Error, report::TargetReport,
};

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
    chains: Chains,
    resolver: Option<Resolver>,
    registry: Option<Arc<Registry>>,
    channels: Mutex<BTreeMap<String, Channel>>,
}

impl Clients {
    /// The channels of this section, with instances from this registry.
    ///
    /// # Errors
    ///
    /// What is wrong with the chain.
    pub fn new(config: &GrpcClient, resolver: Option<Resolver>) -> Result<Self, Error> {
        let chains = Chains::of(&config.middleware)?;
        Ok(Self::with_chains(config, chains, resolver, None))
    }

    /// The same, with chains that were planned from the section, and with metrics if somebody asks
    /// for them.
    pub fn with_chains(
        config: &GrpcClient,
        chains: Chains,
        resolver: Option<Resolver>,
        metrics: Option<&Metrics>,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                config: config.clone(),
                chains,
                resolver,
                registry: metrics.map(Registry::of),
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
        let channel = Channel::new(
            service,
            config,
            &inner.chains,
            inner.resolver.as_ref(),
            inner.registry.as_deref(),
        )?;
        channels.insert(service.to_owned(), channel.clone());
        Ok(channel)
    }

    /// What an operator sees of the targets that were asked for, by their names.
    pub fn report(&self) -> Vec<TargetReport> {
        let channels = self.inner.channels.lock();
        let channels = channels.unwrap_or_else(PoisonError::into_inner);
        let each = channels.iter();
        each.map(|(name, channel)| channel.report(name)).collect()
    }
}

impl fmt::Debug for Clients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clients")
            .field("config", &self.inner.config)
            .finish_non_exhaustive()
    }
}
