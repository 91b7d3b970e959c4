//! Registration and discovery: the services of a registry, and the registry that a config names.

pub use carml_discovery::*;
