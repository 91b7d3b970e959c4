//! From a plan to a chain.

use std::{fmt, sync::Arc};

use carml_config::{
    chain::{self, BuiltIn, Plan, Problem, Problems, Side},
    model::{ClientMiddleware, ServerMiddleware},
};
use carml_telemetry::metrics::Metrics;
use serde_json::Value;

use super::{custom::CustomLayer, generated::Step};
use crate::Place;

/// The middlewares of a server or a client, ready for calls. Cheap to clone.
///
/// ```
/// use carml_config::model::ServerMiddleware::{Logging, Recover};
/// use carml_grpc::chain::Chain;
///
/// let chain = Chain::compile(&[Recover, Logging(Default::default())])?;
/// assert!(chain.to_string().starts_with("recover > logging > "));
///
/// // A list that breaks a rule is refused, with every rule that it breaks.
/// assert!(Chain::compile(&[Recover, Recover]).is_err());
/// # Ok::<(), carml_config::chain::Problems>(())
/// ```
#[derive(Clone)]
pub struct Chain {
    /// The built-in middlewares outside of any custom one.
    pub(super) steps: Arc<[Step]>,
    pub(super) segments: Arc<[Segment]>,
    /// What is inside of `retry`: each attempt passes through it.
    attempts: Option<Arc<Chain>>,
    plan: Arc<Plan>,
}

/// What a chain is made of until `retry`, or after it.
#[derive(Default)]
struct Part {
    outermost: Vec<Step>,
    segments: Vec<(CustomLayer, Vec<Step>)>,
}

impl Part {
    /// Where the next built-in middleware goes.
    fn steps(&mut self) -> &mut Vec<Step> {
        self.segments
            .last_mut()
            .map_or(&mut self.outermost, |(_, steps)| steps)
    }

    fn chain(self, attempts: Option<Arc<Chain>>, plan: &Arc<Plan>) -> Chain {
        let segments = self.segments.into_iter().map(|(layer, steps)| Segment {
            layer,
            steps: steps.into(),
        });
        Chain {
            steps: self.outermost.into(),
            segments: segments.collect(),
            attempts,
            plan: Arc::clone(plan),
        }
    }
}

/// A custom layer, and the built-in middlewares inside it, up to the next such layer.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub(super) layer: CustomLayer,
    pub(super) steps: Arc<[Step]>,
}

/// One item of a list.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Item {
    /// A built-in middleware.
    BuiltIn(ServerMiddleware),
    /// A custom layer.
    Custom(CustomLayer),
}

impl Item {
    fn value(&self) -> Value {
        match self {
            Self::BuiltIn(item) => serde_json::to_value(item).unwrap_or_default(),
            Self::Custom(layer) => layer.name().into(),
        }
    }

    fn custom(self) -> Option<CustomLayer> {
        match self {
            Self::BuiltIn(_) => None,
            Self::Custom(layer) => Some(layer),
        }
    }
}

impl Chain {
    /// Compiles a list of built-in middlewares, outermost first.
    ///
    /// Without `max_message_size`, messages received are limited to 4 MiB, gRPC's default, and
    /// messages sent are not limited. With `recover`, the process's panic hook is replaced once by
    /// one that logs the panics of handlers as events and leaves all others to the hook before it.
    ///
    /// # Errors
    ///
    /// Every rule that the list breaks.
    ///
    /// # Examples
    ///
    /// ```
    /// use carml_config::model::ServerMiddleware;
    /// use carml_grpc::chain::Chain;
    ///
    /// let chain = Chain::compile(&[ServerMiddleware::Recover, ServerMiddleware::Logging(Default::default())])?;
    /// assert_eq!(
    ///     chain.to_string(),
    ///     "recover > logging > max_message_size(receive 4mib) > services"
    /// );
    /// # Ok::<(), carml_config::chain::Problems>(())
    /// ```
    pub fn compile(list: &[ServerMiddleware]) -> Result<Self, Problems> {
        let items = list.iter().cloned().map(Item::BuiltIn).collect();
        Self::compile_items(items, &Place::default())
    }

    /// Compiles a list in which custom layers are among the built-in middlewares.
    ///
    /// # Errors
    ///
    /// Every rule that the list breaks.
    pub fn compile_items(list: Vec<Item>, place: &Place) -> Result<Self, Problems> {
        let values: Vec<Value> = list.iter().map(Item::value).collect();
        let layers: Vec<CustomLayer> = list.into_iter().filter_map(Item::custom).collect();
        let is_custom = |name: &str| layers.iter().any(|layer| layer.name() == name);
        let plan = chain::plan(Side::Server, &values, is_custom)?;
        Self::new(plan, &layers, place)
    }

    /// Compiles a client's list, outermost first: the chain of the calls that it makes.
    ///
    /// # Errors
    ///
    /// Every rule that the list breaks.
    pub fn client(list: &[ClientMiddleware]) -> Result<Self, Problems> {
        let values = list.iter().map(serde_json::to_value);
        let values: Vec<Value> = values.map(Result::unwrap_or_default).collect();
        let plan = chain::plan(Side::Client, &values, |_| false)?;
        Self::new(plan, &[], &Place::client(Metrics::default()))
    }

    /// The chain of a plan, with its custom layers by their names.
    ///
    /// # Errors
    ///
    /// A custom middleware of the plan that has no layer, or a built-in one that is not in this
    /// build or cannot be made with its options.
    pub fn new(plan: Plan, layers: &[CustomLayer], place: &Place) -> Result<Self, Problems> {
        let mut part = Part::default();
        let mut until_retry = None;
        let mut place = place.clone();
        for (index, step) in plan.steps().iter().enumerate() {
            match step {
                chain::Step::BuiltIn(BuiltIn::Client(ClientMiddleware::Retry)) => {
                    until_retry = Some(std::mem::take(&mut part));
                }
                chain::Step::BuiltIn(built_in) => {
                    let facts = built_in.facts();
                    let step =
                        Step::build(built_in, &place).map_err(|refusal| Problem::Refused {
                            index,
                            facts,
                            pointer: refusal.pointer,
                            why: refusal.message,
                        })?;
                    let step = step.ok_or(Problem::NotBuilt { index, facts })?;
                    part.steps().push(step);
                    place.enter(facts.name);
                }
                chain::Step::Implicit(facts) => part.steps().extend(Step::implicit(facts.name)),
                chain::Step::Custom(name, _) => {
                    let layer = layers.iter().find(|layer| layer.name() == name);
                    let layer = layer.ok_or_else(|| Problem::Unknown {
                        index,
                        name: name.clone(),
                    })?;
                    part.segments.push((layer.clone(), Vec::new()));
                }
            }
        }
        let plan = Arc::new(plan);
        let innermost = part.chain(None, &plan);
        Ok(match until_retry {
            Some(part) => part.chain(Some(Arc::new(innermost)), &plan),
            None => innermost,
        })
    }

    /// What each attempt of a call passes through, if the list has `retry`: the chain itself ends
    /// there.
    pub fn attempts(&self) -> Option<&Chain> {
        self.attempts.as_deref()
    }

    /// The plan that it was made from.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Chain").field(&self.to_string()).finish()
    }
}

impl fmt::Display for Chain {
    /// The effective chain, outermost first.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = match self.plan.side() {
            Side::Server => "services",
            Side::Client => "network",
        };
        write!(f, "{} > {end}", self.plan)
    }
}
