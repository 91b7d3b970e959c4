//! Middlewares of the app: added to the schema, made from the config.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{AppError, Context};
use crate::{
    config::{
        self, Loaded, Root, Schema,
        chain::{Plan, Problems, Side, Step},
    },
    grpc::{
        Place,
        chain::{Chain, CustomLayer},
    },
};

const NO_HELP: [&str; 0] = [];

type Make<C> = Box<dyn FnOnce(&Context<C>, &Value) -> Result<CustomLayer, AppError> + Send>;

type AddToSchema = fn(&Schema, Side, &'static str) -> Result<Schema, carml_diagnostic::Report>;

/// The name of a middleware, the list that may have it, and the type of its options.
#[derive(Clone, Copy)]
pub(super) struct MiddlewareEntry {
    pub(super) side: Side,
    pub(super) name: &'static str,
    pub(super) schema: AddToSchema,
    check: fn(&Value) -> Result<(), serde_json::Error>,
}

impl MiddlewareEntry {
    pub(super) fn of<O: DeserializeOwned + JsonSchema>(side: Side, name: &'static str) -> Self {
        Self {
            side,
            name,
            schema: Schema::with_middleware::<O>,
            check: |options| O::deserialize(options).map(drop),
        }
    }
}

/// A middleware that the app can make; the config says whether it is used, and where.
pub(super) struct RegisteredMiddleware<C> {
    pub(super) side: Side,
    name: &'static str,
    make: Make<C>,
}

impl<C> RegisteredMiddleware<C> {
    pub(super) fn new<O: DeserializeOwned>(
        side: Side,
        name: &'static str,
        make: impl FnOnce(&Context<C>, O) -> Result<CustomLayer, AppError> + Send + 'static,
    ) -> Self {
        Self {
            side,
            name,
            make: Box::new(move |context, options| {
                make(context, O::deserialize(options).map_err(AppError::new)?)
            }),
        }
    }
}

/// The chain of a side as it will be. The custom layers are made later, when the store is open; that
/// their options fit is checked here.
pub(super) fn plan(
    loaded: &Loaded,
    side: Side,
    entries: &[MiddlewareEntry],
) -> Result<Plan, config::Error> {
    let list = side.pointer();
    let plan = loaded
        .chain(side)
        .map_err(|problems| loaded.error_at(list, problems.to_string(), NO_HELP))?;
    for (index, step) in plan.steps().iter().enumerate() {
        let Step::Custom(name, options) = step else {
            continue;
        };
        let error = |message: String| loaded.error_at(&format!("{list}/{index}"), message, NO_HELP);
        let is_it = |entry: &&MiddlewareEntry| entry.side == side && entry.name == name;
        let entry = entries.iter().find(is_it).ok_or_else(|| {
            let add = match side {
                Side::Server => "middleware",
                Side::Client => "client_middleware",
            };
            error(format!(
                "the app has no middleware `{name}`: add it with `App::{add}`"
            ))
        })?;
        (entry.check)(options).map_err(|error| {
            let message = format!("the options of `{name}` do not fit their type: {error}");
            loaded.error_at(&format!("{list}/{index}/{name}"), message, NO_HELP)
        })?;
    }
    Ok(plan)
}

/// The chain itself. What is wrong with the options of a middleware is shown at its place.
pub(super) fn chain(
    loaded: &Loaded,
    plan: Plan,
    layers: &[CustomLayer],
    place: &Place,
) -> Result<Chain, AppError> {
    let side = plan.side();
    Chain::new(plan, layers, place).map_err(|problems| refused(loaded, side, &problems))
}

/// What is wrong with a list, each at its place.
pub(super) fn refused(loaded: &Loaded, side: Side, problems: &Problems) -> AppError {
    let mut report = carml_diagnostic::Report::new();
    for problem in problems.iter() {
        let at = format!("{}{}", side.pointer(), problem.pointer());
        let help = problem.help();
        report.extend(loaded.error_at(&at, problem.to_string(), help));
    }
    AppError::Refused(report)
}

/// The custom layers of a chain. In a check, a layer that needs the store is left out.
pub(super) fn layers<C: Root>(
    context: &Context<C>,
    plan: &Plan,
    registered: &mut Vec<RegisteredMiddleware<C>>,
    failures: &mut super::services::Failures,
) -> Vec<CustomLayer> {
    let mut layers = Vec::new();
    for (index, step) in plan.steps().iter().enumerate() {
        let Step::Custom(name, options) = step else {
            continue;
        };
        let is_it =
            |known: &RegisteredMiddleware<C>| known.side == plan.side() && known.name == name;
        if let Some(at) = registered.iter().position(is_it) {
            match (registered.swap_remove(at).make)(context, options) {
                Ok(layer) => layers.push(layer),
                Err(error) => {
                    let at = format!("{}/{index}", plan.side().pointer());
                    failures.middleware(&context.loaded, &at, name, error);
                }
            }
        }
    }
    layers
}
