use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Number;

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub name: Option<Option<String>>,
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub phone: Option<Option<Phone>>,
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub note: Option<Option<String>>,
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub level: Option<Option<Level>>,
    #[serde(deserialize_with = "Option::deserialize")]
    pub must: Option<Integer>,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Phone {
    pub number: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Low,
    High,
}

/// A whole number of any size, kept as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(try_from = "Number")]
pub struct Integer(pub Number);

impl TryFrom<Number> for Integer {
    type Error = &'static str;
    fn try_from(number: Number) -> Result<Self, Self::Error> {
        match number.as_f64() {
            Some(value) if value.fract() != 0.0 => Err("expected a whole number"),
            _ => Ok(Self(number)),
        }
    }
}

/// Reads a key that is there: only absence is none.
fn some<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
