//! The chains of a service's channels.

use carml_config::{
    chain::{self, Plan, Side},
    model::ClientMiddleware,
};
use carml_grpc::{
    CalledTarget, Place,
    chain::{Chain, CustomLayer},
};
use carml_telemetry::metrics::Metrics;

use crate::error::Error;

/// What the chain of each channel is made of: what a middleware keeps is of one target.
#[derive(Clone, Debug)]
pub struct Chains {
    plan: Plan,
    layers: Vec<CustomLayer>,
    place: Place,
}

impl Chains {
    /// The chains of a plan, with its custom layers by their names.
    pub fn new(plan: Plan, layers: Vec<CustomLayer>, place: Place) -> Self {
        Self {
            plan,
            layers,
            place,
        }
    }

    /// Those of a list without custom layers.
    pub(crate) fn of(list: &[ClientMiddleware]) -> Result<Self, Error> {
        let values = list.iter().map(serde_json::to_value);
        let values: Vec<_> = values.map(Result::unwrap_or_default).collect();
        let plan = chain::plan(Side::Client, &values, |_| false).map_err(Error::Chain)?;
        let place = Place::client(Metrics::default());
        Ok(Self::new(plan, Vec::new(), place))
    }

    /// The chain of one target.
    pub(crate) fn to(&self, target: CalledTarget) -> Result<Chain, Error> {
        let place = self.place.clone().to(target);
        Chain::new(self.plan.clone(), &self.layers, &place).map_err(Error::Chain)
    }
}
