use std::collections::BTreeMap;
use std::ops::RangeBounds;
use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Number, Value};

types! {
    #[derive(Clone, Debug, PartialEq)]
    #[serde(deny_unknown_fields)]
    pub struct Host {
        pub address: String,
        #[serde(default, deserialize_with = "present_int", skip_serializing_if = "Option::is_none")]
        pub port: Option<u16>,
    }
    check(v) {
        ensure("`port`", "minimum", number(&v["port"], 1..))
    }

    /// Hosts
    #[derive(Clone, Debug, PartialEq)]
    pub struct Hosts(pub BTreeMap<String, Host>);
    check(v) {
        ensure("the value", "minProperties, propertyNames", {
            keys(v, 1..) && names(v, |v| matches(v, &HOSTS_NAME))
        })
    }
}

static HOSTS_NAME: LazyLock<Regex> = LazyLock::new(|| Regex::new("^[a-z-]+$").unwrap());

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

fn ensure(what: &str, keywords: &str, valid: bool) -> Result<(), String> {
    let error = || format!("{what} violates its schema constraint ({keywords})");
    valid.then_some(()).ok_or_else(error)
}

fn names(v: &Value, valid: impl Fn(&Value) -> bool) -> bool {
    v.as_object().is_none_or(|map| map.keys().all(|key| valid(&key.as_str().into())))
}

fn number(v: &Value, range: impl RangeBounds<i128>) -> bool {
    around(v).is_none_or(|(low, high)| range.contains(&low) && range.contains(&high))
}

/// The integers on both sides of a number; twice the same for an integer.
fn around(v: &Value) -> Option<(i128, i128)> {
    match v.as_i64().map(i128::from).or(v.as_u64().map(i128::from)) {
        Some(n) => Some((n, n)),
        None => v.as_f64().map(|n| (n.floor() as i128, n.ceil() as i128)),
    }
}

fn keys(v: &Value, range: impl RangeBounds<usize>) -> bool {
    v.as_object().is_none_or(|map| range.contains(&map.len()))
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
    (@item $kind:ident $name:ident ($($t:tt)*) $($head:tt)*) => { $($head)* $kind $name($($t)*); };
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
    (@read $d:ident $kind:ident $body:tt) => { Fields__::deserialize($d) };
    (@read $d:ident $kind:ident $body:tt $check:expr) => {{
        let value = serde_json::Value::deserialize($d)?;
        ($check)(&value).map_err(serde::de::Error::custom)?;
        let read = |value| -> Result<Self, serde_json::Error> { types!(@read value $kind $body) };
        read(value).map_err(serde::de::Error::custom)
    }};
}
use types;
