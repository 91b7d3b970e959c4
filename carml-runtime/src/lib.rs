//! The runtime of CarML services.

mod app;
pub mod grpc;
pub mod kv;

#[doc(hidden)]
pub mod __private;
mod include;
mod logger;
pub mod testing;

pub use app::{App, Context, StartError};
pub use carml_config as config;
pub use carml_grpc::Shutdown;
pub use carml_macros::{ConfigSection, carml_service};
// What generated code names, in the versions that it fits.
pub use {prost, prost_types, tonic};
