//! The middlewares of a server, in the order in which the config lists them, outermost first.
//!
//! The list is compiled once, at start. A call then passes through one service, one future and
//! one body, which walk the compiled list: on the way in from the first to the last, on the way
//! out from the last to the first. No built-in middleware has a box of its own. A layer of the user's
//! own has one: it stands between two such services.

mod body;
mod call;
mod compile;
mod op;
mod own;
mod service;

pub(crate) use body::trailers;
pub(crate) use call::Call;
pub use compile::{Chain, Error, Item};
pub use own::{Next, Own};
pub use service::{ChainLayer, ChainService};
