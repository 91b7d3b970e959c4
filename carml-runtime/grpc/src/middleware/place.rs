//! What a middleware is made with.

use std::sync::{Arc, OnceLock};

use carml_telemetry::metrics::Metrics;

use super::metrics::Calls;
use crate::Methods;

/// What the chain of a middleware belongs to.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Place {
    /// The methods that are served.
    pub methods: Methods,
    /// What the process counts and measures.
    pub metrics: Metrics,
    /// The methods are those that others serve: which there are is not known.
    is_client: bool,
    /// Nothing is served: files are read, and nothing is started.
    pub is_check: bool,
    /// Set by `metrics`.
    pub(super) calls: Arc<OnceLock<Arc<Calls>>>,
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

    /// A place in the chain of calls that are made.
    pub fn client() -> Self {
        Self {
            is_client: true,
            ..Self::default()
        }
    }

    /// Whether names of methods cannot be checked.
    pub(super) fn is_client(&self) -> bool {
        self.is_client
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

/// Why a middleware cannot be made with its options.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// Where in its options: `/methods/0/name`, or nothing.
    pub(crate) pointer: String,
    pub(crate) message: String,
}
