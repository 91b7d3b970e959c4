use std::collections::{BTreeMap, HashSet};
use std::ops::RangeBounds;
use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Number, Value};

types! {
    /// Where requests come in, and where they go.
    #[derive(Clone, Debug, PartialEq)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    pub struct Gateway {
        pub listeners: Vec<Listener>,
        /// The first route that matches is taken.
        pub routes: Vec<Route>,
        /// A file, or null for none.
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub access_log: Option<Option<String>>,
        /// The part of the requests that is traced.
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub sampling: Option<Number>,
    }
    check(v) {
        ensure("`listeners`", "minItems", items(&v["listeners"], 1..))?;
        ensure("`sampling`", "maximum, minimum", number(&v["sampling"], 0..=1))
    }

    #[derive(Clone, Debug, PartialEq)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    pub struct Listener {
        /// Defaults to `"0.0.0.0"`.
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub address: Option<String>,
        /// A TCP port.
        #[serde(deserialize_with = "integer")]
        pub port: u16,
        /// PEM file.
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub certificate: Option<String>,
        /// PEM file.
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub private_key: Option<String>,
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub protocols: Option<Vec<Protocol>>,
    }
    check(v) {
        ensure("`port`", "minimum", number(&v["port"], 1..))?;
        ensure("`protocols`", "uniqueItems", unique(&v["protocols"]))?;
        ensure("`certificate`", "dependentRequired", {
            v.get("certificate").is_none() || has(v, "privateKey")
        })?;
        ensure("`privateKey`", "dependentRequired", {
            v.get("privateKey").is_none() || has(v, "certificate")
        })
    }

    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    #[serde(rename_all = "lowercase")]
    pub enum Protocol {
        #[serde(rename = "http/1.1")]
        Http11,
        H2,
        H3,
    }

    #[derive(Clone, Debug, PartialEq)]
    #[serde(deny_unknown_fields)]
    pub struct Route {
        /// A path, or more than that.
        pub r#match: Match,
        pub upstream: Upstream,
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub auth: Option<Option<Auth>>,
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub limit: Option<RateLimit>,
    }

    #[derive(Clone, Debug, PartialEq)]
    #[serde(untagged)]
    pub enum Match {
        Conditions(Conditions),
        Text(String),
    }
    check(v) {
        ensure("the value", "oneOf", (v.is_string() && matches(v, &MATCH)) || is::<Conditions>(v))
    }

    /// All that is given must hold.
    #[derive(Clone, Debug, Default, PartialEq)]
    #[serde(deny_unknown_fields)]
    pub struct Conditions {
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub host: Option<String>,
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub path: Option<String>,
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub methods: Option<Vec<Method>>,
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub headers: Option<BTreeMap<String, String>>,
    }
    check(v) {
        ensure("the value", "minProperties", keys(v, 1..))
    }

    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    #[serde(rename_all = "UPPERCASE")]
    pub enum Method { Get, Head, Post, Put, Patch, Delete }

    #[derive(Clone, Debug, PartialEq)]
    #[serde(deny_unknown_fields)]
    pub struct Upstream {
        pub hosts: Vec<String>,
        /// Defaults to `"round-robin"`.
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub balance: Option<Balance>,
    }
    check(v) {
        ensure("`hosts`", "minItems", items(&v["hosts"], 1..))
    }

    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    #[serde(rename_all = "kebab-case")]
    pub enum Balance { RoundRobin, LeastRequests, Random }

    /// Who may pass.
    #[derive(Clone, Debug, PartialEq)]
    #[serde(tag = "type", rename_all = "lowercase")]
    pub enum Auth {
        Basic(Basic),
        /// A token that an issuer has signed.
        Jwt(Jwt),
    }
    check(v) {
        ensure("the value", "type", v.is_object())
    }

    #[derive(Clone, Debug, PartialEq)]
    #[serde(deny_unknown_fields)]
    pub struct Basic {
        pub realm: String,
    }

    /// A token that an issuer has signed.
    #[derive(Clone, Debug, PartialEq)]
    #[serde(deny_unknown_fields)]
    pub struct Jwt {
        pub issuer: String,
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub audiences: Option<Vec<String>>,
    }

    #[derive(Clone, Debug, PartialEq)]
    #[serde(deny_unknown_fields)]
    pub struct RateLimit {
        #[serde(deserialize_with = "integer")]
        pub requests: u32,
        pub per: Per,
        #[serde(default, deserialize_with = "present_int", skip_serializing_if = "Option::is_none")]
        pub burst: Option<u32>,
    }
    check(v) {
        ensure("`requests`", "exclusiveMinimum, maximum", {
            number(&v["requests"], ..=1000000) && above(&v["requests"], 0)
        })?;
        ensure("`burst`", "maximum", number(&v["burst"], ..=1000000))
    }

    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    #[serde(rename_all = "lowercase")]
    pub enum Per { Second, Minute, Hour }
}

static MATCH: LazyLock<Regex> = LazyLock::new(|| Regex::new("^/").unwrap());

/// Reads a key that is present: only an absent one is `None`.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(d: D) -> Result<Option<T>, D::Error> {
    T::deserialize(d).map(Some)
}

/// The same for an integer.
fn present_int<'de, T: Deserialize<'de>, D: Deserializer<'de>>(d: D) -> Result<Option<T>, D::Error> {
    integer(d).map(Some)
}

/// Reads an integer, also one that is written as `1.0`.
fn integer<'de, T: Deserialize<'de>, D: Deserializer<'de>>(d: D) -> Result<T, D::Error> {
    let number = Number::deserialize(d)?;
    let float = number.as_f64().filter(|n| number.is_f64() && n.fract() == 0.0 && n.abs() < 9.2e18);
    let number = float.map_or(number, |n| Number::from(n as i64));
    T::deserialize(number).map_err(serde::de::Error::custom)
}

/// Numbers such as `1.0` as integers.
fn converted(value: Value) -> Value {
    match (value.as_f64(), value) {
        (_, Value::Array(items)) => items.into_iter().map(converted).collect(),
        (_, Value::Object(map)) => map.into_iter().map(|(k, v)| (k, converted(v))).collect(),
        (Some(n), v) if v.is_f64() && n.fract() == 0.0 && n.abs() < 9.2e18 => (n as i64).into(),
        (_, value) => value,
    }
}

fn ensure(what: &str, keywords: &str, valid: bool) -> Result<(), String> {
    let error = || format!("{what} violates its schema constraint ({keywords})");
    valid.then_some(()).ok_or_else(error)
}

fn is<T: serde::de::DeserializeOwned>(v: &Value) -> bool {
    T::deserialize(v).is_ok()
}

fn has(v: &Value, key: &str) -> bool {
    v.as_object().is_none_or(|map| map.contains_key(key))
}

fn number(v: &Value, range: impl RangeBounds<i128>) -> bool {
    around(v).is_none_or(|(low, high)| range.contains(&low) && range.contains(&high))
}

fn above(v: &Value, bound: i128) -> bool {
    around(v).is_none_or(|(_, high)| high > bound)
}

/// The integers on both sides of a number; twice the same for an integer.
fn around(v: &Value) -> Option<(i128, i128)> {
    match v.as_i64().map(i128::from).or(v.as_u64().map(i128::from)) {
        Some(n) => Some((n, n)),
        None => v.as_f64().map(|n| (n.floor() as i128, n.ceil() as i128)),
    }
}

fn items(v: &Value, range: impl RangeBounds<usize>) -> bool {
    v.as_array().is_none_or(|list| range.contains(&list.len()))
}

fn keys(v: &Value, range: impl RangeBounds<usize>) -> bool {
    v.as_object().is_none_or(|map| range.contains(&map.len()))
}

fn unique(v: &Value) -> bool {
    let mut seen = HashSet::new();
    v.as_array().is_none_or(|list| list.iter().all(|item| seen.insert(converted(item.clone()))))
}

fn matches(v: &Value, pattern: &Regex) -> bool {
    v.as_str().is_none_or(|text| pattern.is_match(text))
}

/// Structs are read from objects only, enums of words from strings only, and after their check.
macro_rules! types {
    ($($(#[doc = $doc:literal])* #[derive($($derive:path),*)] $(#[$($attr:tt)*])*
        pub $kind:ident $name:ident $body:tt $(;)? $(check($v:pat) $check:tt)?)*) => {$(
        types!(@item $kind $name $body
            $(#[doc = $doc])* #[derive($($derive,)* Serialize)] $(#[$($attr)*])* pub);
        const _: () = {
            use self::$name as schema_type;
            types!(@item $kind Fields__ $body
                #[derive(Deserialize)] $(#[$($attr)*])* #[serde(remote = "schema_type")]);
            impl<'de> Deserialize<'de> for $name {
                fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                    types!(@read d $kind $body $(|$v: &serde_json::Value| $check)?)
                }
            }
        };
    )*};
    (@item $kind:ident $name:ident $body:tt $($head:tt)*) => { $($head)* $kind $name $body };
    (@read $d:ident struct {$($t:tt)*}) => {{
        struct Object;
        impl<'de> serde::de::Visitor<'de> for Object {
            type Value = schema_type;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<schema_type, A::Error> {
                Fields__::deserialize(serde::de::value::MapAccessDeserializer::new(map))
            }
        }
        Deserializer::deserialize_map($d, Object)
    }};
    (@read $d:ident enum {$($(#[$($attr:tt)*])* $word:ident),* $(,)?}) => {
        Fields__::deserialize(serde::de::value::StringDeserializer::new(String::deserialize($d)?))
    };
    (@read $d:ident $kind:ident $body:tt) => { Fields__::deserialize($d) };
    (@read $d:ident $kind:ident $body:tt $check:expr) => {{
        let value = serde_json::Value::deserialize($d)?;
        ($check)(&value).map_err(serde::de::Error::custom)?;
        let read = |value| -> Result<Self, serde_json::Error> { types!(@read value $kind $body) };
        read(value).map_err(serde::de::Error::custom)
    }};
}
use types;
