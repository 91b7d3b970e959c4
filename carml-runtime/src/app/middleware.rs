//! Middlewares of the app: added to the schema, made from the config.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{AppError, Context};
use crate::{
    config::{self, Loaded, Root, Schema, ServerMiddleware},
    grpc::chain::{Chain, Item, Own},
};

const NO_HELP: [&str; 0] = [];

type Make<C> = Box<dyn FnOnce(&Context<C>, &Value) -> Result<Own, AppError> + Send>;

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
        make: impl FnOnce(&Context<C>, O) -> Result<Own, AppError> + Send + 'static,
    ) -> Self {
        Self {
            name,
            make: Box::new(move |context, options| {
                make(context, O::deserialize(options).map_err(AppError::new)?)
            }),
        }
    }
}

/// The list as the config has it, with the names of the middlewares and their options.
fn list(loaded: &Loaded) -> impl Iterator<Item = (usize, &str, &Value)> {
    let list = loaded.value().pointer("/grpc/server/middleware");
    let list = list.and_then(Value::as_array).into_iter().flatten();
    list.enumerate().map(|(index, item)| {
        let name = config::named(item);
        (index, name, item.get(name).unwrap_or(&Value::Null))
    })
}

/// The chain as it will be, without the layers themselves: they are made when the store is open.
pub(super) fn plan(
    loaded: &Loaded,
    built_in: &[ServerMiddleware],
    entries: &[MiddlewareEntry],
) -> Result<Chain, config::Error> {
    let mut items = Vec::new();
    let mut built_in = built_in.iter();
    for (index, name, options) in list(loaded) {
        let Some(entry) = entries.iter().find(|entry| entry.name == name) else {
            items.extend(built_in.next().cloned().map(Item::BuiltIn));
            continue;
        };
        (entry.check)(options).map_err(|error| {
            let at = format!("/grpc/server/middleware/{index}/{name}");
            let message = format!("the options of `{name}` do not fit their type: {error}");
            loaded.fault(&at, message, NO_HELP)
        })?;
        items.push(Item::Own(Own::named(entry.name)));
    }
    Chain::with_own(items).map_err(|error| {
        let fault = loaded.fault("/grpc/server/middleware", error.to_string(), NO_HELP);
        fault.into()
    })
}

/// The chain that serves. In a check, a layer that needs the store is left out.
pub(super) fn chain<C: Root>(
    context: &Context<C>,
    plan: Chain,
    built_in: &[ServerMiddleware],
    mut registered: Vec<RegisteredMiddleware<C>>,
    failures: &mut super::services::Failures,
) -> Chain {
    if registered.is_empty() {
        return plan;
    }
    let mut items = Vec::new();
    let mut built_in = built_in.iter();
    for (index, name, options) in list(&context.loaded) {
        let Some(at) = registered.iter().position(|known| known.name == name) else {
            items.extend(built_in.next().cloned().map(Item::BuiltIn));
            continue;
        };
        match (registered.swap_remove(at).make)(context, options) {
            Ok(layer) => items.push(Item::Own(layer)),
            Err(error) => failures.middleware(&context.loaded, index, name, error),
        }
    }
    Chain::with_own(items).unwrap_or(plan)
}
