use std::collections::BTreeMap;
use std::ops::RangeBounds;
use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

types! {
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Vault {
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub name: Option<String>,
        /// Marked as forms do it.
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub form: Option<Secret>,
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub sink: Option<Option<Secret>>,
        #[serde(default)]
        #[serde(deserialize_with = "present_ints", skip_serializing_if = "Option::is_none")]
        pub pin: Option<Secret<u16>>,
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub keys: Option<Vec<Secret>>,
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub by_name: Option<BTreeMap<String, Secret>>,
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub pair: Option<(String, Secret)>,
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub mixed: Option<Vec<Secret<Value>>>,
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub login: Option<Secret<Login>>,
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub all: Option<Secret>,
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub any: Option<Secret>,
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub beside: Option<Secret>,
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub whole: Option<Secret<Whole>>,
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub patterned: Option<Patterned>,
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub conditional: Option<Conditional>,
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub loose: Option<Secret<ObjectOr<Loose>>>,
        /// Not marked.
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub password: Option<String>,
        /// Other keys. Their values may be secret.
        #[serde(flatten)]
        pub extra: Secret<BTreeMap<String, Value>>,
    }
    check(v) {
        ensure("`form`", "minLength", length(&v["form"], 4..))?;
        ensure("`pin`", "maximum", number(&v["pin"], ..=9999))?;
        ensure("`mixed`", "type", {
            at(v, "mixed", |v| at(v, 0, Value::is_string) && at(v, 1, is_integer))
        })?;
        ensure("`any`", "minLength, pattern", at(v, "any", |v| length(v, 4..) || matches(v, &ANY)))
    }

    #[derive(Clone, Debug, PartialEq)]
    #[serde(untagged)]
    pub enum Login {
        Account(Account),
        Text(Secret),
    }

    #[derive(Clone, Debug, PartialEq)]
    pub struct Account {
        pub user: String,
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub code: Option<Secret>,
        /// Other keys. Their values may be secret.
        #[serde(flatten)]
        pub extra: Secret<BTreeMap<String, Value>>,
    }

    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Whole {
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub a: Option<String>,
        #[serde(flatten)]
        pub extra: BTreeMap<String, Value>,
    }

    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Patterned {
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub name: Option<String>,
        #[serde(flatten)]
        pub extra: BTreeMap<String, Secret<Value>>,
    }
    check(v) {
        ensure("the value", "patternProperties", matching(v, &PATTERNED_KEY, Value::is_string))
    }

    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Conditional {
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub mode: Option<String>,
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub code: Option<Secret>,
        /// Other keys. Their values may be secret.
        #[serde(flatten)]
        pub extra: Secret<BTreeMap<String, Value>>,
    }
    check(v) {
        ensure("the value", "if", !at(v, "mode", |v| v == "strict") || length(&v["code"], 4..))
    }

    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Loose {
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub inner: Option<Secret>,
        /// Other keys. Their values may be secret.
        #[serde(flatten)]
        pub extra: Secret<BTreeMap<String, Value>>,
    }
}

static ANY: LazyLock<Regex> = LazyLock::new(|| Regex::new("^x").unwrap());
static PATTERNED_KEY: LazyLock<Regex> = LazyLock::new(|| Regex::new("^k").unwrap());

/// The object that the schema describes, or a value of another type, which it does not constrain.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ObjectOr<T> {
    Object(T),
    Other(Value),
}

impl<'de, T: serde::de::DeserializeOwned> Deserialize<'de> for ObjectOr<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        if value.is_object() {
            return T::deserialize(value).map(Self::Object).map_err(serde::de::Error::custom);
        }
        Ok(Self::Other(value))
    }
}

/// A value that `Debug` and errors do not show. `Serialize` writes it: the value can be read again.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Secret<T = String>(pub T);

impl<T> std::fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(******)")
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Secret<T> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let error = |_| serde::de::Error::custom("a secret has a value that is not allowed");
        T::deserialize(d).map(Self).map_err(error)
    }
}

/// Reads a key that is present: only an absent one is `None`.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(d: D) -> Result<Option<T>, D::Error> {
    T::deserialize(d).map(Some)
}

/// The same for a key that is present.
fn present_ints<'de, T: serde::de::DeserializeOwned, D: Deserializer<'de>>(
    d: D,
) -> Result<Option<T>, D::Error> {
    integers(d).map(Some)
}

/// Reads integers, also those that are written as `1.0`.
fn integers<'de, T: for<'a> Deserialize<'a>, D: Deserializer<'de>>(d: D) -> Result<T, D::Error> {
    T::deserialize(converted(Value::deserialize(d)?)).map_err(serde::de::Error::custom)
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

fn at(v: &Value, place: impl serde_json::value::Index, valid: impl Fn(&Value) -> bool) -> bool {
    v.get(place).is_none_or(valid)
}

fn matching(v: &Value, pattern: &Regex, valid: impl Fn(&Value) -> bool) -> bool {
    v.as_object().is_none_or(|map| map.iter().all(|(key, v)| !pattern.is_match(key) || valid(v)))
}

fn is_integer(v: &Value) -> bool {
    v.as_f64().is_some_and(|number| number.fract() == 0.0)
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

fn length(v: &Value, range: impl RangeBounds<usize>) -> bool {
    v.as_str().is_none_or(|text| range.contains(&text.chars().count()))
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
    (@read $d:ident $kind:ident $body:tt) => { Fields__::deserialize($d) };
    (@read $d:ident $kind:ident $body:tt $check:expr) => {{
        let value = serde_json::Value::deserialize($d)?;
        ($check)(&value).map_err(serde::de::Error::custom)?;
        let read = |value| -> Result<Self, serde_json::Error> { types!(@read value $kind $body) };
        read(value).map_err(serde::de::Error::custom)
    }};
}
use types;
