//! `grpc.health.v1`: the health that the server reports.
//!
//! The [protocol] wants a Watch of an unknown service to answer SERVICE_UNKNOWN and to stay open, and
//! `List`, which gRFC A90 has added. tonic-health has neither, and keeps a drain waiting for its
//! watchers; so that the messages and the transport are generated from the proto file.
//!
//! [protocol]: https://github.com/grpc/grpc-proto/blob/master/grpc/health/v1/health.proto

/// The messages, the server and a client of `grpc.health.v1`.
#[rustfmt::skip]
#[allow(clippy::all, clippy::pedantic, missing_docs, unused_qualifications)]
pub mod pb;
mod service;

use std::collections::HashMap;

use tokio::sync::watch;

use crate::Shutdown;
use pb::{health_check_response::ServingStatus, health_server::HealthServer};
pub use service::Teller;

/// Sets the health that the server reports. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Reporter(watch::Sender<States>);

/// What is reported.
#[derive(Debug, Default)]
struct States {
    by_name: HashMap<String, ServingStatus>,
    /// The names that are the server and its services.
    services: Vec<String>,
    is_draining: bool,
}

impl Reporter {
    /// These services, and the server as a whole (`""`), are served.
    pub fn serving(services: &[&str]) -> Self {
        let all = services.iter().chain(&[""]);
        let services: Vec<String> = all.map(|name| (*name).to_owned()).collect();
        let reporter = Self(watch::Sender::new(States {
            services,
            ..States::default()
        }));
        reporter.set_all_services(true);
        reporter
    }

    /// Sets the health of a part of the server, under a name that is no service's. After the drain
    /// has begun it has no effect.
    pub fn set(&self, name: &str, is_serving: bool) {
        self.0
            .send_if_modified(|states| states.set(name, is_serving));
    }

    /// Sets the health of the server as a whole, and of its services. After the drain has begun it
    /// has no effect.
    pub fn set_all_services(&self, is_serving: bool) {
        self.0.send_if_modified(|states| {
            let services = std::mem::take(&mut states.services);
            let mut is_changed = false;
            for name in &services {
                is_changed |= states.set(name, is_serving);
            }
            states.services = services;
            is_changed
        });
    }

    /// No service is served any more.
    pub fn drain(&self) {
        self.0.send_modify(|states| {
            states.is_draining = true;
            states
                .by_name
                .values_mut()
                .for_each(|state| *state = ServingStatus::NotServing);
        });
    }

    /// The health service. Its watches end when the drain has begun.
    pub fn service(&self, shutdown: Shutdown) -> HealthServer<Teller> {
        HealthServer::new(Teller::new(self.0.subscribe(), shutdown))
    }
}

impl States {
    fn get(&self, name: &str) -> Option<ServingStatus> {
        self.by_name.get(name).copied()
    }

    /// Returns whether it changed anything.
    fn set(&mut self, name: &str, is_serving: bool) -> bool {
        let state = match is_serving && !self.is_draining {
            true => ServingStatus::Serving,
            false => ServingStatus::NotServing,
        };
        self.by_name.insert(name.to_owned(), state) != Some(state)
    }
}
