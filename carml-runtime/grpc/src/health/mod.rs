//! `grpc.health.v1`: the health that the server reports.
//!
//! The [protocol] wants a Watch of an unknown service to answer SERVICE_UNKNOWN and to stay open.
//! tonic-health's own server ends it with NOT_FOUND, and keeps a drain waiting for its watchers;
//! so that only its messages and its transport are used here.
//!
//! [protocol]: https://github.com/grpc/grpc-proto/blob/master/grpc/health/v1/health.proto

use std::collections::HashMap;

use futures_util::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use tokio::sync::watch;
use tonic::{Request, Response, Status};
use tonic_health::pb::{
    HealthCheckRequest, HealthCheckResponse,
    health_check_response::ServingStatus,
    health_server::{Health, HealthServer},
};

use crate::{Shutdown, status};

type States = HashMap<String, ServingStatus>;

/// Sets the health that the server reports. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Reporter(watch::Sender<States>);

impl Reporter {
    /// These services, and the server as a whole (`""`), are served.
    pub fn serving(services: &[&str]) -> Self {
        let all = services.iter().chain(&[""]);
        let states = all.map(|name| ((*name).to_owned(), ServingStatus::Serving));
        Self(watch::Sender::new(states.collect()))
    }

    /// Sets the health of a part of the server, under a name that is no service's.
    pub fn set(&self, name: &str, is_serving: bool) {
        let state = match is_serving {
            true => ServingStatus::Serving,
            false => ServingStatus::NotServing,
        };
        self.0
            .send_if_modified(|states| states.insert(name.to_owned(), state) != Some(state));
    }

    /// No service is served any more.
    pub fn drain(&self) {
        self.0.send_modify(|states| {
            states
                .values_mut()
                .for_each(|state| *state = ServingStatus::NotServing);
        });
    }

    /// The health service. Its watches end when the drain has begun.
    pub fn service(&self, shutdown: Shutdown) -> HealthServer<Teller> {
        HealthServer::new(Teller {
            states: self.0.subscribe(),
            shutdown,
        })
    }
}

/// Answers `Check` and `Watch`.
#[derive(Debug)]
pub struct Teller {
    states: watch::Receiver<States>,
    shutdown: Shutdown,
}

#[tonic::async_trait]
impl Health for Teller {
    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        let service = request.into_inner().service;
        let state = self.states.borrow().get(&service).copied();
        let state = state.ok_or_else(|| status::unknown_service(&service))?;
        Ok(Response::new(answer(state)))
    }

    type WatchStream = BoxStream<'static, Result<HealthCheckResponse, Status>>;

    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let watcher = Watcher {
            service: request.into_inner().service,
            states: self.states.clone(),
            shutdown: self.shutdown.clone(),
            sent: None,
        };
        Ok(Response::new(
            stream::unfold(watcher, Watcher::next).boxed(),
        ))
    }
}

struct Watcher {
    service: String,
    states: watch::Receiver<States>,
    shutdown: Shutdown,
    sent: Option<ServingStatus>,
}

impl Watcher {
    /// The next state that differs from the one sent before; the last one before a drain is
    /// always sent.
    async fn next(mut self) -> Option<(Result<HealthCheckResponse, Status>, Self)> {
        loop {
            let state = self.states.borrow_and_update().get(&self.service).copied();
            let state = state.unwrap_or(ServingStatus::ServiceUnknown);
            if self.sent != Some(state) {
                self.sent = Some(state);
                return Some((Ok(answer(state)), self));
            }
            tokio::select! {
                biased;
                changed = self.states.changed() => changed.ok()?,
                () = self.shutdown.begun() => return Some((Err(status::draining()), self)),
            }
        }
    }
}

fn answer(state: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse {
        status: state.into(),
    }
}
