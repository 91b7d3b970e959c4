//! The runtime of CarML services.

mod app;
pub mod config;
pub mod grpc;
pub mod kv;

#[doc(hidden)]
pub mod __private;
mod health;
mod include;
mod logger;
mod status;
pub mod testing;

pub use app::{App, Context, Shutdown, StartError};
pub use carml_macros::{ConfigSection, carml_service};
