//! The middlewares of a server or a client, in the order in which the config lists them, outermost first.
//!
//! The list is compiled once, at start. A call then passes through one service, one future and one
//! body, which walk the compiled list: inward from the first to the last as it arrives, outward
//! from the last to the first as its answer passes. No built-in middleware has a box of its own. A
//! custom layer has one: it is between two such services.
//!
//! - `compile`: from a plan to the list.
//! - `service`, `body`: a call until the head of its response, and after it.
//! - `active`: the call's way through the list, in both.
//! - `custom`, `inside`: layers that are not built in.
//! - `generated`: which middlewares there are. Nothing else here names one.

mod active;
mod body;
mod compile;
mod custom;
#[rustfmt::skip]
#[allow(clippy::unit_arg, reason = "most middlewares keep nothing per call")]
mod generated;
mod inside;
mod service;
mod visit;

pub use compile::{Chain, Item};
pub use custom::{CustomLayer, Next};
pub use service::{CallFuture, ChainLayer, ChainService, Peer};

// What `generated` uses.
use carml_config::{
    chain::BuiltIn,
    model::{ClientMiddleware, ServerMiddleware},
};
use visit::Visit;
