//! Middlewares of the user's own: joined to the schema, made from the config.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Context, StartError};
use crate::{
    config::{self, Loaded, Schema, ServerMiddleware},
    grpc::chain::{Chain, Item, Own},
};

type Make<C> = Box<dyn FnOnce(&Context<C>, &Value) -> Result<Own, StartError> + Send>;

/// A middleware that the app knows; the config says whether it is used, and where.
pub(super) struct Known<C> {
    pub(super) name: &'static str,
    pub(super) schema: fn(&Schema, &'static str) -> Result<Schema, carml_diagnostic::Report>,
    check: fn(&Value) -> Result<(), serde_json::Error>,
    make: Make<C>,
}

impl<C> Known<C> {
    pub(super) fn new<O: DeserializeOwned + JsonSchema>(
        name: &'static str,
        make: impl FnOnce(&Context<C>, O) -> Result<Own, StartError> + Send + 'static,
    ) -> Self {
        Self {
            name,
            schema: Schema::with_middleware::<O>,
            check: |options| O::deserialize(options).map(drop),
            make: Box::new(move |context, options| {
                let options = O::deserialize(options);
                make(context, options.map_err(|e| StartError::Service(e.into()))?)
            }),
        }
    }
}

/// The list as the config has it, with the names of the app's own middlewares and their options.
fn list(loaded: &Loaded) -> impl Iterator<Item = (usize, &str, &Value)> {
    let list = loaded.value().pointer("/grpc/server/middleware");
    let list = list.and_then(Value::as_array).into_iter().flatten();
    list.enumerate().map(|(index, item)| {
        let name = config::named(item);
        (index, name, item.get(name).unwrap_or(&Value::Null))
    })
}

/// The chain as it will be, without the layers themselves: they are made when the store is open.
pub(super) fn plan<C>(
    loaded: &Loaded,
    built_in: &[ServerMiddleware],
    known: &[Known<C>],
) -> Result<Chain, StartError> {
    const NO_HELP: [&str; 0] = [];
    let mut items = Vec::new();
    let mut built_in = built_in.iter();
    for (index, name, options) in list(loaded) {
        let Some(own) = known.iter().find(|known| known.name == name) else {
            items.extend(built_in.next().cloned().map(Item::BuiltIn));
            continue;
        };
        (own.check)(options).map_err(|error| {
            let at = format!("/grpc/server/middleware/{index}/{name}");
            let message = format!("the options of `{name}` do not fit their type: {error}");
            loaded.fault(&at, message, NO_HELP)
        })?;
        items.push(Item::Own(Own::named(own.name)));
    }
    Chain::with_own(items).map_err(|error| {
        let fault = loaded.fault("/grpc/server/middleware", error.to_string(), NO_HELP);
        fault.into()
    })
}

/// The chain that serves.
pub(super) fn chain<C>(
    context: &Context<C>,
    plan: Chain,
    built_in: &[ServerMiddleware],
    mut known: Vec<Known<C>>,
) -> Result<Chain, StartError> {
    if known.is_empty() {
        return Ok(plan);
    }
    let mut items = Vec::new();
    let mut built_in = built_in.iter();
    for (_, name, options) in list(&context.loaded) {
        if let Some(at) = known.iter().position(|known| known.name == name) {
            let own = known.swap_remove(at);
            items.push(Item::Own((own.make)(context, options)?));
        } else {
            items.extend(built_in.next().cloned().map(Item::BuiltIn));
        }
    }
    Chain::with_own(items).map_err(|error| StartError::Service(error.into()))
}
