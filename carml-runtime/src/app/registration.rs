//! The entries of this process in the registry.

use std::{sync::Arc, time::Duration};

use carml_grpc::health::Reporter;
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use crate::{
    config::{Config, model::GrpcServer},
    discovery::{Directory, Instance, Registrar, RegistrationState},
    grpc::server::Address,
};

/// What health calls the registration.
const HEALTH: &str = "carml.registration";

/// How long a drain waits until the entries are removed. A registry that is away must not use up the
/// time of the calls in flight.
const MAX_WAIT: Duration = Duration::from_secs(1);

/// The entries of this process. Dropping it leaves them to their ttl.
pub(super) struct Registration {
    registrar: Registrar,
    _health: AbortOnDropHandle<()>,
}

impl Registration {
    /// Registers services that are served, if the config says so.
    pub(super) fn start(
        config: &Config,
        directory: Option<Arc<dyn Directory>>,
        services: &[&'static str],
        bound: &Address,
        health: &Reporter,
    ) -> Option<Self> {
        let discovery = &config.registry.as_ref()?.discovery;
        let directory = directory.filter(|_| discovery.register)?;
        let instance = Instance::new(advertised(&config.grpc.server, bound));
        let instance = instance.with_metadata(discovery.metadata.clone());
        let services = services.iter().map(|name| (*name).to_owned()).collect();
        let registrar = Registrar::start(directory, services, instance, discovery.ttl.get());
        let (mut states, health) = (registrar.state(), health.clone());
        let follow = async move {
            loop {
                let is_registered = *states.borrow_and_update() == RegistrationState::Registered;
                health.set(HEALTH, is_registered);
                if states.changed().await.is_err() {
                    return;
                }
            }
        };
        Some(Self {
            registrar,
            _health: AbortOnDropHandle::new(tokio::spawn(follow)),
        })
    }

    /// The state of the entries, now and later.
    pub(super) fn state(&self) -> watch::Receiver<RegistrationState> {
        self.registrar.state()
    }

    /// Removes the entries, or leaves them to their ttl if the registry is away.
    pub(super) async fn end(self) {
        // Not cancelled when the wait is over: it may still succeed during the drain.
        let stopped = tokio::spawn(self.registrar.stop());
        if tokio::time::timeout(MAX_WAIT, stopped).await.is_err() {
            tracing::warn!("the registry did not answer: draining without waiting for it");
        }
    }
}

/// The address for other services. Port 0 is the one that the system has chosen.
fn advertised(server: &GrpcServer, bound: &Address) -> String {
    let Some(address) = &server.advertise else {
        return bound.to_string();
    };
    match (address.rsplit_once(':'), bound.tcp()) {
        (Some((host, "0")), Some(bound)) => format!("{host}:{}", bound.port()),
        _ => address.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_advertised_address_is_the_given_one_or_the_bound_one() {
        let bound = Address::Tcp("[::1]:70".parse().unwrap());
        let at = |advertise: Option<&str>| {
            let advertise = advertise.map(str::to_owned);
            let server = GrpcServer {
                advertise,
                ..GrpcServer::default()
            };
            advertised(&server, &bound)
        };
        assert_eq!(at(None), "[::1]:70");
        assert_eq!(at(Some("orders.local:443")), "orders.local:443");
        assert_eq!(at(Some("[fd00::5]:0")), "[fd00::5]:70");
    }
}
