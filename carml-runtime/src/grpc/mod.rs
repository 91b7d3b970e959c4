//! gRPC serving.

mod described;

pub use described::Described;
