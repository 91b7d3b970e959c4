use std::ops::RangeBounds;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Number, Value};

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Job {
    /// Runs a command.
    Shell(Shell),
    /// Gets a file.
    Fetch(Fetch),
    Wait(Wait),
}

/// Runs a command.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Shell {
    pub command: String,
}

/// Gets a file.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Fetch {
    pub url: String,
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub retries: Option<Integer>,
}

impl Fetch {
    fn check(v: &Value) -> Result<(), String> {
        rule("retries", number(&v["retries"], 0.0..))
    }
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Wait {}

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

fn rule(about: &str, kept: bool) -> Result<(), String> {
    if kept {
        Ok(())
    } else {
        Err(format!("the schema's rule for `{about}` is not kept"))
    }
}

fn number(v: &Value, range: impl RangeBounds<f64>) -> bool {
    v.as_f64().is_none_or(|number| range.contains(&number))
}

macro_rules! checked {
    ($($ty:ident)*) => {$(
        impl<'de> Deserialize<'de> for $ty {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = Value::deserialize(deserializer)?;
                $ty::check(&value).map_err(serde::de::Error::custom)?;
                $ty::deserialize(value).map_err(serde::de::Error::custom)
            }
        }

        impl Serialize for $ty {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $ty::serialize(self, serializer)
            }
        }
    )*};
}

checked! {
    Fetch
}
