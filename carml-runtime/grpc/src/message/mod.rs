//! gRPC messages as bytes: where they begin and end, and what is kept of those that are not whole.

mod chunks;
mod framing;

pub(crate) use chunks::Chunks;
pub(crate) use framing::Framing;
