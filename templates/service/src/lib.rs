//! The {{name}} service.

carml_runtime::include_generated!();

mod service;

pub use service::Service;
