//! Answers the calls.

use futures_util::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use tokio::sync::watch;
use tonic::{Request, Response, Status};

use super::{
    States,
    pb::{
        HealthCheckRequest, HealthCheckResponse, HealthListRequest, HealthListResponse,
        health_check_response::ServingStatus, health_server::Health,
    },
};
use crate::{Shutdown, status};

/// Answers `Check`, `List` and `Watch`.
#[derive(Debug)]
pub struct Teller {
    states: watch::Receiver<States>,
    shutdown: Shutdown,
}

impl Teller {
    pub(super) fn new(states: watch::Receiver<States>, shutdown: Shutdown) -> Self {
        Self { states, shutdown }
    }
}

#[tonic::async_trait]
impl Health for Teller {
    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        let service = request.into_inner().service;
        let state = self.states.borrow().get(&service);
        let state = state.ok_or_else(|| status::unknown_service(&service))?;
        Ok(Response::new(answer(state)))
    }

    async fn list(
        &self,
        _: Request<HealthListRequest>,
    ) -> Result<Response<HealthListResponse>, Status> {
        let states = self.states.borrow();
        let states = states.by_name.iter();
        let statuses = states.map(|(name, state)| (name.clone(), answer(*state)));
        Ok(Response::new(HealthListResponse {
            statuses: statuses.collect(),
        }))
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
            let state = self.states.borrow_and_update().get(&self.service);
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
