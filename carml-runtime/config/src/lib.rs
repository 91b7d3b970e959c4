//! Config: from `carml.yml` to checked, typed values.
//!
//! [`Schema`] says what is allowed, [`Loader`] merges the layers and checks them, [`Loaded`] is the result and knows
//! where every value came from.

pub mod chain;
mod diagnose;
mod document;
mod explain;
mod key_path;
mod layer;
mod load;
#[rustfmt::skip]
pub mod model;
mod preflight;
mod redact;
mod rules;
mod schema;
#[doc(hidden)]
#[rustfmt::skip]
pub mod support;
mod types;
mod variables;

pub use layer::Origin;
pub use load::{Change, Error, Loaded, Loader, Reload, Remote};
pub use model::Config;
pub use schema::{Root, Schema, Section};
pub use support::{Integer, ObjectOr};
pub use types::{Base64, ByteSize, Duration, Endpoint, Pem, Secret};
