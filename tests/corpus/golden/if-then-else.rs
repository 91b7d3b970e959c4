use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Number, Value};

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Store {
    pub provider: Provider,
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub quota: Option<Integer>,
}

impl Store {
    fn check(v: &Value) -> Result<(), String> {
        rule(
            "if",
            (!at(v, "provider", |v| v == "disk") || has(v, "path"))
                && (at(v, "provider", |v| v == "disk") || v.get("path").is_none()),
        )
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    Memory,
    Disk,
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

fn rule(about: &str, kept: bool) -> Result<(), String> {
    if kept {
        Ok(())
    } else {
        Err(format!("the schema's rule for `{about}` is not kept"))
    }
}

fn has(v: &Value, key: &str) -> bool {
    v.as_object().is_none_or(|map| map.contains_key(key))
}

fn at(
    v: &Value,
    place: impl serde_json::value::Index,
    test: impl Fn(&Value) -> bool,
) -> bool {
    v.get(place).is_none_or(test)
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
    Store
}
