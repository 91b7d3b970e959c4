//! What the admin port shows.

use std::{
    fmt::Write as _,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Instant, SystemTime},
};

use carml_grpc::Calls;
use carml_telemetry::metrics::{Exposition, Kind, Metrics};
use tokio::sync::watch;

use crate::{
    client::Clients,
    config::{Reload, Secret, chain::Plan},
    discovery::RegistrationState,
    probe::Endpoints,
};

/// Whether calls should come here. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Readiness {
    is_draining: Arc<AtomicBool>,
    endpoints: Option<Endpoints>,
}

impl Readiness {
    /// Calls are accepted, if these endpoints, where they are required, are up.
    pub(crate) fn serving(endpoints: Option<Endpoints>) -> Self {
        Self {
            is_draining: Arc::default(),
            endpoints,
        }
    }

    /// The drain has begun.
    pub(crate) fn drain(&self) {
        self.is_draining.store(true, Relaxed);
    }

    fn is_draining(&self) -> bool {
        self.is_draining.load(Relaxed)
    }

    /// Why calls should not come here, if they should not.
    pub(super) fn obstacle(&self) -> Option<&'static str> {
        let required = self.endpoints.as_ref().filter(|all| all.is_required());
        match required {
            _ if self.is_draining() => Some("draining"),
            Some(endpoints) if !endpoints.are_up() => Some("an endpoint is not up"),
            _ => None,
        }
    }

    /// What is probed.
    pub(super) fn endpoints(&self) -> Option<&Endpoints> {
        self.endpoints.as_ref()
    }
}

/// When a certificate ends; it may be replaced.
pub(crate) type Expiry = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// What the admin port shows.
pub(crate) struct Facts {
    pub(crate) name: String,
    /// As the config has it.
    pub(crate) version: Option<String>,
    pub(crate) address: String,
    pub(crate) started: Instant,
    pub(crate) reload: Arc<Reload>,
    pub(crate) plan: Plan,
    pub(crate) services: Vec<&'static str>,
    /// Absent if the chain has no `metrics`.
    pub(crate) calls: Option<Arc<Calls>>,
    pub(crate) metrics: Metrics,
    pub(crate) clients: Clients,
    pub(crate) readiness: Readiness,
    pub(crate) registration: Option<watch::Receiver<RegistrationState>>,
    pub(crate) expiry: Option<Expiry>,
    pub(crate) token: Option<Secret>,
}

impl Facts {
    /// Adds the metrics of what these facts alone know.
    pub(crate) fn measure(&self) {
        if let Some(expiry) = self.expiry.clone() {
            self.metrics.register(move |out: &mut Exposition| {
                let end = expiry().duration_since(SystemTime::UNIX_EPOCH);
                let mut family = out.family(
                    "carml_tls_expiry_seconds",
                    Kind::Gauge,
                    "When the certificate ends, in seconds since 1970.",
                );
                let seconds = end.unwrap_or_default().as_secs();
                family.value(&[("certificate", "server")], seconds as f64);
            });
        }
        if let Some(endpoints) = self.readiness.endpoints().cloned() {
            self.metrics
                .register(move |out: &mut Exposition| endpoints.write(out));
        }
        if let Some(registration) = self.registration.clone() {
            self.metrics.register(move |out: &mut Exposition| {
                let now = state(&registration.borrow());
                let mut family = out.family(
                    "carml_registration_state",
                    Kind::Gauge,
                    "1 for the state that the registration in the registry has.",
                );
                for each in ["registering", "registered", "retrying", "stopped"] {
                    family.value(&[("state", each)], f64::from(u8::from(each == now)));
                }
            });
        }
    }

    /// The answer to `/readyz`: a line, or one per check.
    pub(super) fn readiness_text(&self, is_verbose: bool) -> String {
        let obstacle = self.readiness.obstacle();
        let mut out = String::new();
        if is_verbose {
            let server = match self.readiness.is_draining() {
                false => "ok",
                true => "failed: the server is draining",
            };
            // Writing to a string does not fail.
            let _ = writeln!(out, "server: {server}");
            if let Some(endpoints) = self.readiness.endpoints() {
                let note = match endpoints.is_required() {
                    true => "",
                    false => " (not required)",
                };
                for (name, known) in endpoints.all() {
                    let _ = writeln!(out, "endpoint {name}{note}: {known}");
                }
            }
            if let Some(registration) = self.registration() {
                let _ = writeln!(out, "registration (not required): {registration}");
            }
        }
        match obstacle {
            None => out + "ready\n",
            Some(obstacle) => out + "not ready: " + obstacle + "\n",
        }
    }

    /// The state of the registration, for people.
    pub(super) fn registration(&self) -> Option<String> {
        let state = self.registration.as_ref()?.borrow();
        Some(match &*state {
            RegistrationState::Retrying { reason } => format!("retrying: {reason}"),
            other => self::state(other).to_owned(),
        })
    }

    /// The config in force with where each value comes from, without secrets.
    pub(super) fn config(&self) -> String {
        self.reload.current().explain()
    }

    /// The chains of the config in force.
    pub(super) fn chain(&self) -> String {
        match self.reload.current().explain_chain() {
            Ok(text) => text,
            // A config that is in force keeps the rules.
            Err(error) => error.to_string(),
        }
    }

    /// The instances that calls go to, as text.
    pub(super) fn clients(&self) -> String {
        let mut out = String::new();
        for target in self.clients.report() {
            // Writing to a string does not fail.
            let _ = writeln!(
                out,
                "{} ({}, {}): {} waiting",
                target.name, target.target, target.policy, target.waiting
            );
            for endpoint in &target.endpoints {
                let _ = write!(
                    out,
                    "  {}  {}  {} in flight  {} calls",
                    endpoint.address, endpoint.state, endpoint.in_flight, endpoint.calls
                );
                if let Some(error) = &endpoint.last_error {
                    let _ = write!(out, "  last error: {}", one_line(error));
                }
                out.push('\n');
            }
            if target.endpoints.is_empty() {
                out.push_str("  no instance is known\n");
            }
        }
        if out.is_empty() {
            out.push_str("this service has no clients\n");
        }
        out
    }

    /// What is logged.
    pub(super) fn log_level(&self) -> String {
        carml_telemetry::log_level().unwrap_or_else(|| "unknown: the log is not CarML's".to_owned())
    }
}

/// A text of another process: it makes no lines of its own.
fn one_line(text: &str) -> String {
    let shown = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(shown).collect()
}

fn state(state: &RegistrationState) -> &'static str {
    match state {
        RegistrationState::Registering => "registering",
        RegistrationState::Registered => "registered",
        RegistrationState::Retrying { .. } => "retrying",
        _ => "stopped",
    }
}
