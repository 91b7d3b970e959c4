//! The instances of a target, how they are found, and which one a call goes to.
//!
//! - `resolve`: follows where the instances are, and has a connection kept to each.
//! - `instances`: their states, as calls see them.
//! - `pick`: the balancers; `outlier`: instances that get no calls for some time.
//! - `counts`: how often connections began and ended.

mod counts;
mod instances;
mod outlier;
mod pick;
mod resolve;

use std::sync::Arc;

use carml_discovery::Resolver;
use tokio_util::task::AbortOnDropHandle;

pub(crate) use instances::{Instances, State, Tried};

use crate::{connection::Connector, settings::Settings};

/// What all calls of a channel share. The connections end with it, once their calls have.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) settings: Arc<Settings>,
    pub(crate) instances: Arc<Instances>,
    _resolve: AbortOnDropHandle<()>,
    _outliers: Option<AbortOnDropHandle<()>>,
}

impl Target {
    /// Begins to connect; inside a tokio runtime.
    pub(crate) fn start(
        settings: Settings,
        connector: Connector,
        resolver: Option<Resolver>,
    ) -> Self {
        let settings = Arc::new(settings);
        let instances = Arc::new(Instances::new(settings.policy));
        let outliers = settings.outliers.clone().map(|config| {
            let watched = outlier::run(config, Arc::clone(&instances));
            AbortOnDropHandle::new(tokio::spawn(watched))
        });
        let resolve = resolve::run(
            Arc::clone(&settings),
            Arc::new(connector),
            Arc::clone(&instances),
            resolver,
        );
        Self {
            settings,
            instances,
            _resolve: AbortOnDropHandle::new(tokio::spawn(resolve)),
            _outliers: outliers,
        }
    }
}
