//! Config: from `carml.yml` to checked, typed values.

#[rustfmt::skip]
mod generated;
mod types;

pub use generated::*;
pub use types::{Base64, ByteSize, Duration, Endpoint, Pem, Secret};
