//! The service that the refused uses try to implement.

carml_runtime::include_generated!();

pub use proto::macros::v1::{Greeter, GreeterServer, Name};
