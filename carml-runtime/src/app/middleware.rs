//! Middlewares of the app: added to the schema, made from the config.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{AppError, Context};
use crate::{
    config::{
        self, Loaded, Root, Schema,
        chain::{Plan, Side, Step},
    },
    grpc::{
        Place,
        chain::{Chain, CustomLayer},
    },
};

const NO_HELP: [&str; 0] = [];

type Make<C> = Box<dyn FnOnce(&Context<C>, &Value) -> Result<CustomLayer, AppError> + Send>;

/// The name of a middleware and the type of its options.
#[derive(Clone, Copy)]
pub(super) struct MiddlewareEntry {
    pub(super) name: &'static str,
    pub(super) schema: fn(&Schema, &'static str) -> Result<Schema, carml_diagnostic::Report>,
    check: fn(&Value) -> Result<(), serde_json::Error>,
}

impl MiddlewareEntry {
    pub(super) fn of<O: DeserializeOwned + JsonSchema>(name: &'static str) -> Self {
        Self {
            name,
            schema: Schema::with_middleware::<O>,
            check: |options| O::deserialize(options).map(drop),
        }
    }
}

/// A middleware that the app can make; the config says whether it is used, and where.
pub(super) struct RegisteredMiddleware<C> {
    name: &'static str,
    make: Make<C>,
}

impl<C> RegisteredMiddleware<C> {
    pub(super) fn new<O: DeserializeOwned>(
        name: &'static str,
        make: impl FnOnce(&Context<C>, O) -> Result<CustomLayer, AppError> + Send + 'static,
    ) -> Self {
        Self {
            name,
            make: Box::new(move |context, options| {
                make(context, O::deserialize(options).map_err(AppError::new)?)
            }),
        }
    }
}

/// The chain as it will be. The custom layers are made later, when the store is open; that their
/// options fit is checked here.
pub(super) fn plan(loaded: &Loaded, entries: &[MiddlewareEntry]) -> Result<Plan, config::Error> {
    const LIST: &str = Side::Server.pointer();
    let plan = loaded
        .chain(Side::Server)
        .map_err(|problems| loaded.error_at(LIST, problems.to_string(), NO_HELP))?;
    for (index, step) in plan.steps().iter().enumerate() {
        let Step::Custom(name, options) = step else {
            continue;
        };
        let error = |message: String| loaded.error_at(&format!("{LIST}/{index}"), message, NO_HELP);
        let entry = entries.iter().find(|entry| entry.name == name);
        let entry = entry.ok_or_else(|| {
            error(format!(
                "the app has no middleware `{name}`: add it with `App::middleware`"
            ))
        })?;
        (entry.check)(options).map_err(|error| {
            let message = format!("the options of `{name}` do not fit their type: {error}");
            loaded.error_at(&format!("{LIST}/{index}/{name}"), message, NO_HELP)
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
    Chain::new(plan, layers, place).map_err(|problems| {
        let mut report = carml_diagnostic::Report::new();
        for problem in problems.iter() {
            let at = format!("{}{}", Side::Server.pointer(), problem.pointer());
            let help = problem.help();
            report.extend(loaded.error_at(&at, problem.to_string(), help));
        }
        AppError::Refused(report)
    })
}

/// The custom layers of a chain. In a check, a layer that needs the store is left out.
pub(super) fn layers<C: Root>(
    context: &Context<C>,
    plan: &Plan,
    mut registered: Vec<RegisteredMiddleware<C>>,
    failures: &mut super::services::Failures,
) -> Vec<CustomLayer> {
    let mut layers = Vec::new();
    for (index, step) in plan.steps().iter().enumerate() {
        let Step::Custom(name, options) = step else {
            continue;
        };
        if let Some(at) = registered.iter().position(|known| known.name == name) {
            match (registered.swap_remove(at).make)(context, options) {
                Ok(layer) => layers.push(layer),
                Err(error) => failures.middleware(&context.loaded, index, name, error),
            }
        }
    }
    layers
}
