//! The scalar types behind `x-carml-type`: each reads and writes the string in the config.

mod byte_size;
mod duration;
mod listen;
mod probe;
mod schema;
mod secret;
mod target;
mod text;

pub use byte_size::ByteSize;
pub use duration::Duration;
pub use listen::ListenAddress;
pub use probe::{Probe, ProbeKind};
pub use secret::Secret;
pub(crate) use secret::hidden;
pub use target::{InvalidTarget, TargetName};
pub use text::{Base64, Endpoint, Pem};

/// Serde by [`std::str::FromStr`] and [`std::fmt::Display`].
macro_rules! serde_text {
    ($name:ident) => {
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                <String as serde::Deserialize>::deserialize(d)?
                    .parse()
                    .map_err(serde::de::Error::custom)
            }
        }
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }
    };
}
use serde_text;
