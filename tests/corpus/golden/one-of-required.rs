use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(remote = "Self", default, deny_unknown_fields)]
pub struct Source {
    #[serde(deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    #[serde(deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl Source {
    fn check(v: &Value) -> Result<(), String> {
        rule("oneOf", one([has(v, "file"), has(v, "url"), has(v, "text")]))
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

fn one<const N: usize>(tests: [bool; N]) -> bool {
    tests.into_iter().filter(|test| *test).count() == 1
}

fn has(v: &Value, key: &str) -> bool {
    v.as_object().is_none_or(|map| map.contains_key(key))
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
    Source
}
