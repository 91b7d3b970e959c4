//! The scalar types behind `x-carml-type`: each reads and writes the string in the config.

mod byte_size;
mod duration;
mod schema;
mod text;

pub use byte_size::ByteSize;
pub use duration::Duration;
pub use text::{Base64, Endpoint, Pem, Secret};

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

/// A leading integer and what follows it.
fn leading_number(text: &str) -> Result<(u64, &str), String> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    if digits.is_empty() {
        return Err(format!("`{text}` does not start with an integer"));
    }
    let number = digits
        .parse()
        .map_err(|_| format!("`{digits}` is too large"))?;
    Ok((number, rest))
}
