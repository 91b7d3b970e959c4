use std::collections::{BTreeMap, HashMap};
use std::ops::RangeBounds;
use std::sync::{LazyLock, Mutex, PoisonError};

use regex::Regex;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Host {
    pub address: String,
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
}

impl Host {
    fn check(v: &Value) -> Result<(), String> {
        rule("port", number(&v["port"], 1.0..))
    }
}

/// Hosts
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(remote = "Self")]
pub struct Hosts(pub BTreeMap<String, Host>);

impl Hosts {
    fn check(v: &Value) -> Result<(), String> {
        rule("the value", keys(v, 1..) && names(v, |v| matches(v, "^[a-z-]+$")))
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

fn names(v: &Value, test: impl Fn(&Value) -> bool) -> bool {
    v.as_object().is_none_or(|map| map.keys().all(|key| test(&key.as_str().into())))
}

fn number(v: &Value, range: impl RangeBounds<f64>) -> bool {
    v.as_f64().is_none_or(|number| range.contains(&number))
}

fn keys(v: &Value, range: impl RangeBounds<usize>) -> bool {
    v.as_object().is_none_or(|map| range.contains(&map.len()))
}

fn matches(v: &Value, pattern: &'static str) -> bool {
    v.as_str().is_none_or(|text| fits(text, pattern))
}

fn fits(text: &str, pattern: &'static str) -> bool {
    static KNOWN: LazyLock<Mutex<HashMap<&str, Option<Regex>>>> = LazyLock::new(
        Mutex::default,
    );
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let regex = known.entry(pattern).or_insert_with(|| Regex::new(pattern).ok());
    regex.as_ref().is_none_or(|regex| regex.is_match(text))
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
    Host Hosts
}
