use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::RangeBounds;
use std::sync::{LazyLock, Mutex, PoisonError};

use regex::Regex;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Number, Value};

/// Where requests come in, and where they go.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(remote = "Self", deny_unknown_fields, rename_all = "camelCase")]
pub struct Gateway {
    pub listeners: Vec<Listener>,
    /// The first route that matches is taken.
    pub routes: Vec<Route>,
    /// A file, or null for none.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub access_log: Option<Option<String>>,
    /// The part of the requests that is traced.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub sampling: Option<Number>,
}

impl Gateway {
    fn check(v: &Value) -> Result<(), String> {
        rule("listeners", items(&v["listeners"], 1..))?;
        rule("sampling", number(&v["sampling"], 0.0..=1.0))
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(remote = "Self", deny_unknown_fields, rename_all = "camelCase")]
pub struct Listener {
    /// Defaults to `"0.0.0.0"`.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// A TCP port.
    pub port: u16,
    /// PEM file.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// PEM file.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub private_key: Option<String>,
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub protocols: Option<Vec<Protocol>>,
}

impl Listener {
    fn check(v: &Value) -> Result<(), String> {
        rule("port", number(&v["port"], 1.0..))?;
        rule("protocols", unique(&v["protocols"]))?;
        rule("certificate", v.get("certificate").is_none() || has(v, "privateKey"))?;
        rule("privateKey", v.get("privateKey").is_none() || has(v, "certificate"))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    #[serde(rename = "http/1.1")]
    Http11,
    H2,
    H3,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// A path, or more than that.
    pub r#match: Match,
    pub upstream: Upstream,
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub auth: Option<Option<Auth>>,
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub limit: Option<RateLimit>,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(remote = "Self", untagged)]
pub enum Match {
    Conditions(Conditions),
    Text(String),
}

impl Match {
    fn check(v: &Value) -> Result<(), String> {
        rule("oneOf", (v.is_string() && matches(v, "^/")) || is::<Conditions>(v))
    }
}

/// All that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(remote = "Self", default, deny_unknown_fields)]
pub struct Conditions {
    #[serde(deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    #[serde(deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    #[serde(deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub methods: Option<Vec<Method>>,
    #[serde(deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub headers: Option<BTreeMap<String, String>>,
}

impl Conditions {
    fn check(v: &Value) -> Result<(), String> {
        rule("the number of keys", keys(v, 1..))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Upstream {
    pub hosts: Vec<String>,
    /// Defaults to `"round-robin"`.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub balance: Option<Balance>,
}

impl Upstream {
    fn check(v: &Value) -> Result<(), String> {
        rule("hosts", items(&v["hosts"], 1..))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Balance {
    RoundRobin,
    LeastRequests,
    Random,
}

/// Who may pass.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Auth {
    Basic(Basic),
    /// A token that an issuer has signed.
    Jwt(Jwt),
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Basic {
    pub realm: String,
}

/// A token that an issuer has signed.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Jwt {
    pub issuer: String,
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub audiences: Option<Vec<String>>,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct RateLimit {
    pub requests: u32,
    pub per: Per,
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub burst: Option<u32>,
}

impl RateLimit {
    fn check(v: &Value) -> Result<(), String> {
        rule(
            "requests",
            number(&v["requests"], ..=1000000.0) && above(&v["requests"], 0.0),
        )?;
        rule("burst", number(&v["burst"], ..=1000000.0))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Per {
    Second,
    Minute,
    Hour,
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

fn is<T: serde::de::DeserializeOwned>(v: &Value) -> bool {
    T::deserialize(v).is_ok()
}

fn has(v: &Value, key: &str) -> bool {
    v.as_object().is_none_or(|map| map.contains_key(key))
}

fn number(v: &Value, range: impl RangeBounds<f64>) -> bool {
    v.as_f64().is_none_or(|number| range.contains(&number))
}

fn above(v: &Value, bound: f64) -> bool {
    v.as_f64().is_none_or(|number| number > bound)
}

fn items(v: &Value, range: impl RangeBounds<usize>) -> bool {
    v.as_array().is_none_or(|list| range.contains(&list.len()))
}

fn keys(v: &Value, range: impl RangeBounds<usize>) -> bool {
    v.as_object().is_none_or(|map| range.contains(&map.len()))
}

fn unique(v: &Value) -> bool {
    v.as_array()
        .is_none_or(|list| {
            let mut seen = HashSet::with_capacity(list.len());
            list.iter().all(|item| seen.insert(item))
        })
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
    Gateway Listener Match Conditions Upstream RateLimit
}
