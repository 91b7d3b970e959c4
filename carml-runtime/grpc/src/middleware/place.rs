//! What a middleware is made with.

use std::sync::{Arc, OnceLock};

use carml_config::model::Propagation;
use carml_telemetry::metrics::Metrics;
use http::uri::Authority;

use super::metrics::{Calls, ClientCalls};
use crate::Methods;

/// What the chain of a middleware belongs to.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Place {
    /// The methods that are served.
    pub methods: Methods,
    /// What the process counts and measures.
    pub metrics: Metrics,
    /// Set for the chains of clients: the methods are those that others serve, and which there are
    /// is not known.
    pub(super) client: Option<Arc<ClientCalls>>,
    target: Option<CalledTarget>,
    /// Nothing is served: files are read, and nothing is started.
    pub is_check: bool,
    /// In which headers calls that are made carry their trace, if the config says so.
    propagation: Option<Vec<Propagation>>,
    /// Set by `metrics`.
    pub(super) calls: Arc<OnceLock<Arc<Calls>>>,
    /// The built-in middlewares outside of the one that is made.
    outside: Vec<&'static str>,
}

impl Place {
    /// A place in the chain of these methods.
    pub fn new(methods: Methods, metrics: Metrics) -> Self {
        Self {
            methods,
            metrics,
            ..Self::default()
        }
    }

    /// A place in the chains of calls that are made, of all targets.
    pub fn client(metrics: Metrics) -> Self {
        Self {
            metrics,
            client: Some(Arc::default()),
            ..Self::default()
        }
    }

    /// The same, with the headers in which calls carry their trace: W3C's, unless they are set here.
    #[must_use]
    pub fn propagation(mut self, forms: &[Propagation]) -> Self {
        self.propagation = Some(forms.to_vec());
        self
    }

    /// In which headers calls that are made carry their trace.
    #[cfg(feature = "tracing")]
    pub(super) fn trace_headers(&self) -> Vec<Propagation> {
        let given = self.propagation.clone();
        given.unwrap_or_else(|| vec![Propagation::W3c])
    }

    /// The same in the chain of one target.
    #[must_use]
    pub fn to(mut self, target: CalledTarget) -> Self {
        self.target = Some(target);
        self
    }

    /// The target of a client's chain; none in a check of the list alone.
    pub(super) fn target(&self) -> Option<&CalledTarget> {
        self.target.as_ref()
    }

    /// Whether names of methods cannot be checked.
    pub(super) fn is_client(&self) -> bool {
        self.client.is_some()
    }

    /// The place inside of this middleware.
    pub(crate) fn enter(&mut self, middleware: &'static str) {
        self.outside.push(middleware);
    }

    /// Whether a middleware is outside of the one that is made.
    pub(super) fn is_inside(&self, middleware: &str) -> bool {
        self.outside.contains(&middleware)
    }

    /// The same for a check, in which nothing is served.
    #[must_use]
    pub fn check(mut self) -> Self {
        self.is_check = true;
        self
    }

    /// What `metrics` counts, if the chain that was made here has it.
    pub fn calls(&self) -> Option<Arc<Calls>> {
        self.calls.get().cloned()
    }
}

/// Whom a client's chain calls.
#[derive(Clone, Debug)]
pub struct CalledTarget {
    /// As logs and statuses show it.
    pub name: String,
    /// What the calls are for.
    pub authority: Authority,
    /// Nobody on the way can read what is sent: TLS, or the same machine.
    pub is_private: bool,
}

/// Why a middleware cannot be made with its options.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// Where in its options: `/methods/0/name`, or nothing.
    pub(crate) pointer: String,
    pub(crate) message: String,
}
