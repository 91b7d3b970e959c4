//! Probes of `health.endpoints`: each endpoint has a task, which tries it again and again.
//!
//! - `attempt`: one try.
//! - `state`: what several of them say about an endpoint.

mod attempt;
mod state;

use std::sync::Arc;

use carml_grpc::health::Reporter;
use carml_telemetry::metrics::{Exposition, Kind};
use tokio::{
    sync::watch,
    time::{Duration, sleep},
};
use tokio_util::task::AbortOnDropHandle;

use crate::config::{Probe, model::Health};
use attempt::Attempt;
pub(crate) use state::{Known, State};

/// What health calls the endpoints together. They have no names of their own there: everybody may
/// ask for health, and addresses of others are not for everybody.
const HEALTH: &str = "carml.endpoints";

/// The pauses vary by this, so that instances that start together do not probe together.
const JITTER: std::ops::Range<f64> = 0.8..1.2;

/// The tasks that probe. Dropping it ends them.
pub(crate) struct Probes {
    endpoints: Endpoints,
    _tasks: Vec<AbortOnDropHandle<()>>,
}

/// What is known of the endpoints now. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Endpoints {
    names: Arc<[String]>,
    known: watch::Receiver<Vec<Known>>,
    is_required: bool,
}

impl Probes {
    /// Probes the endpoints of this section, if it has any, and reports them to health.
    pub(crate) fn start(config: &Health, health: &Reporter) -> Option<Self> {
        // A config that is in force has no endpoint that cannot be probed.
        let probes = config.endpoints.iter().map(Probe::parse);
        let probes: Vec<Probe> = probes.filter_map(Result::ok).collect();
        if probes.is_empty() {
            return None;
        }
        let names: Arc<[String]> = probes.iter().map(Probe::to_string).collect();
        let known = watch::Sender::new(vec![Known::default(); probes.len()]);
        let endpoints = Endpoints {
            names: Arc::clone(&names),
            known: known.subscribe(),
            is_required: config.readiness,
        };
        report(&endpoints, health);
        let interval = config.interval.get();
        let attempts = Attempt::all(probes, config.timeout.get());
        let mut tasks = Vec::with_capacity(names.len() + 1);
        for (at, attempt) in attempts.into_iter().enumerate() {
            let one = probe(at, attempt, Arc::clone(&names), interval, known.clone());
            tasks.push(AbortOnDropHandle::new(tokio::spawn(one)));
        }
        let follow = follow(endpoints.clone(), health.clone());
        tasks.push(AbortOnDropHandle::new(tokio::spawn(follow)));
        Some(Self {
            endpoints,
            _tasks: tasks,
        })
    }

    /// What is known of the endpoints, now and later.
    pub(crate) fn endpoints(&self) -> Endpoints {
        self.endpoints.clone()
    }
}

impl Endpoints {
    /// Whether the service is ready only while all of them are up.
    pub(crate) fn is_required(&self) -> bool {
        self.is_required
    }

    /// Whether all of them are up.
    pub(crate) fn are_up(&self) -> bool {
        self.known.borrow().iter().all(|one| one.state == State::Up)
    }

    /// Each of them, as it is now.
    pub(crate) fn all(&self) -> Vec<(String, Known)> {
        let known = self.known.borrow();
        self.names
            .iter()
            .cloned()
            .zip(known.iter().cloned())
            .collect()
    }

    /// Writes 1 for each that is up, and 0 for each that is down.
    pub(crate) fn write(&self, out: &mut Exposition) {
        let mut family = out.family(
            "carml_endpoint_up",
            Kind::Gauge,
            "1 for an endpoint of health.endpoints that is up, 0 for one that is down.",
        );
        for (name, known) in self.all() {
            let value = match known.state {
                State::Up => 1.0,
                State::Down => 0.0,
                State::Unknown => continue,
            };
            family.value(&[("endpoint", &name)], value);
        }
    }
}

/// Tries one endpoint without end.
async fn probe(
    at: usize,
    attempt: Attempt,
    names: Arc<[String]>,
    interval: Duration,
    known: watch::Sender<Vec<Known>>,
) {
    let endpoint = &names[at];
    loop {
        let result = attempt.run().await;
        known.send_modify(|known| {
            let known = &mut known[at];
            if known.add(result) {
                match &known.error {
                    None => tracing::info!(endpoint, "an endpoint is up"),
                    Some(error) => tracing::warn!(endpoint, error, "an endpoint is down"),
                }
            }
        });
        sleep(interval.mul_f64(rand::random_range(JITTER))).await;
    }
}

/// Reports each change to health.
async fn follow(mut endpoints: Endpoints, health: Reporter) {
    while endpoints.known.changed().await.is_ok() {
        report(&endpoints, &health);
    }
}

fn report(endpoints: &Endpoints, health: &Reporter) {
    let are_up = endpoints.are_up();
    health.set(HEALTH, are_up);
    if endpoints.is_required {
        health.set_all_services(are_up);
    }
}
