//! The clients of an app: their chains, and the names of methods in their config.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use carml_diagnostic::Report;
use carml_grpc::{Methods, Place};
use carml_telemetry::metrics::Metrics;

use super::{
    AppError, Context,
    middleware::{self, RegisteredMiddleware},
    services::Failures,
};
use crate::{
    client::{Chains, Clients, check_methods},
    config::{Config, Loaded, Root, chain::Plan},
};

/// The clients that the services of an app were made with, by their targets.
#[derive(Debug, Default)]
pub(super) struct Called(Mutex<BTreeMap<String, Target>>);

#[derive(Debug, Default)]
struct Target {
    /// The descriptors of the generated clients.
    descriptors: Vec<&'static [u8]>,
    /// Something calls methods that have no descriptors here.
    is_open: bool,
}

impl Called {
    /// A generated client of this target was made.
    pub(super) fn generated(&self, target: &str, descriptors: &'static [u8]) {
        self.with(target, |target| target.descriptors.push(descriptors));
    }

    /// A channel to this target was given away.
    pub(super) fn channel(&self, target: &str) {
        self.with(target, |target| target.is_open = true);
    }

    fn with(&self, target: &str, change: impl FnOnce(&mut Target)) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(all.entry(target.to_owned()).or_default());
    }

    /// The names in `method_config` that no client has, and policies that do not fit their methods.
    pub(super) fn check(&self, loaded: &Loaded, config: &Config) -> Result<(), AppError> {
        let mut report = Report::new();
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, called) in &*all {
            let Some(target) = config.grpc.client.targets.get(name) else {
                continue;
            };
            let methods = Methods::of(called.descriptors.iter().copied());
            for problem in check_methods(name, target, &methods, called.is_open) {
                let found = loaded.error_at(&problem.pointer, problem.message, problem.help);
                report.extend(found);
            }
        }
        match report.errors() {
            0 => Ok(()),
            _ => Err(AppError::Refused(report)),
        }
    }
}

/// Makes the clients, with the custom layers of their chain. Options that a middleware refuses are
/// errors at once, whoever is called.
pub(super) fn make<C: Root>(
    context: &Context<C>,
    config: &Config,
    plan: Plan,
    registered: &mut Vec<RegisteredMiddleware<C>>,
    metrics: &Metrics,
    failures: &mut Failures,
) -> Clients {
    let layers = middleware::layers(context, &plan, registered, failures);
    if failures.errors.is_empty() && failures.not_checked.is_empty() {
        let place = Place::client(Metrics::default()).check();
        let checked = middleware::chain(&context.loaded, plan.clone(), &layers, &place);
        failures.errors.extend(checked.err());
    }
    let place = Place::client(metrics.clone()).propagation(&config.tracer.propagation);
    let chains = Chains::new(plan, layers, place);
    let is_asked = config.admin.listen.is_some();
    let resolver = context.resolver().ok();
    let metrics = is_asked.then_some(metrics);
    Clients::with_chains(&config.grpc.client, chains, resolver, metrics)
}
