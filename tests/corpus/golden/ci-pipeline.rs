use std::collections::{BTreeMap, HashSet};
use std::ops::RangeBounds;
use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Number, Value};

types! {
    /// What is built, tested and released, and when.
    #[derive(Clone, Debug, PartialEq)]
    #[serde(deny_unknown_fields)]
    pub struct Pipeline {
        /// The format's version.
        pub version: Number,
        /// What starts the pipeline.
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub on: Option<Vec<Trigger>>,
        /// Stages by their names.
        pub stages: BTreeMap<String, Stage>,
    }
    check(v) {
        ensure("`version`", "const", at(v, "version", |v| v.as_f64() == Some(1.0)))?;
        ensure("`stages`", "minProperties", keys(&v["stages"], 1..))
    }

    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    #[serde(rename_all = "snake_case")]
    pub enum Trigger { Push, PullRequest, Schedule, Manual }

    /// Steps that run one after the other; stages run side by side.
    #[derive(Clone, Debug, PartialEq)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    pub struct Stage {
        /// Stages that must have succeeded before this one starts.
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub needs: Option<Vec<String>>,
        /// Variables that the commands see.
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub environment: Option<BTreeMap<String, EnvironmentValue>>,
        pub steps: Vec<Step>,
        /// Defaults to `60`.
        #[serde(default, deserialize_with = "present_int", skip_serializing_if = "Option::is_none")]
        pub timeout_minutes: Option<u16>,
    }
    check(v) {
        ensure("`needs`", "uniqueItems", unique(&v["needs"]))?;
        ensure("`environment`", "propertyNames", {
            names(&v["environment"], |v| matches(v, &ENVIRONMENT_NAME))
        })?;
        ensure("`steps`", "minItems", items(&v["steps"], 1..))?;
        ensure("`timeoutMinutes`", "maximum, minimum", number(&v["timeoutMinutes"], 1..=360))
    }

    #[derive(Clone, Debug, PartialEq)]
    #[serde(untagged)]
    pub enum EnvironmentValue {
        Boolean(bool),
        Number(Number),
        Text(String),
    }

    /// A thing to do.
    #[derive(Clone, Debug, PartialEq)]
    #[serde(tag = "kind", rename_all = "lowercase")]
    pub enum Step {
        /// Runs commands in a shell.
        Run(Run),
        /// Brings folders back from an earlier run, and keeps them for the next.
        Cache(Cache),
        /// Gives what was built to a registry.
        Publish(Publish),
    }
    check(v) {
        ensure("the value", "type", v.is_object())
    }

    /// Runs commands in a shell.
    #[derive(Clone, Debug, PartialEq)]
    #[serde(deny_unknown_fields)]
    pub struct Run {
        /// One command, or several that run one after the other.
        pub commands: Commands,
        /// Defaults to `"bash"`.
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub shell: Option<Shell>,
    }

    /// One command, or several that run one after the other.
    #[derive(Clone, Debug, PartialEq)]
    #[serde(untagged)]
    pub enum Commands {
        List(Vec<String>),
        Text(String),
    }
    check(v) {
        ensure("the value", "oneOf", {
            (v.is_string() && length(v, 1..))
                || (v.is_array() && items(v, 1..) && each(v, Value::is_string))
        })
    }

    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    #[serde(rename_all = "lowercase")]
    pub enum Shell { Bash, Sh, Pwsh }

    /// Brings folders back from an earlier run, and keeps them for the next.
    #[derive(Clone, Debug, PartialEq)]
    #[serde(deny_unknown_fields)]
    pub struct Cache {
        /// For example `"cargo-{{ checksum \"Cargo.lock\" }}"`.
        pub key: String,
        pub paths: Vec<String>,
    }

    /// Gives what was built to a registry.
    #[derive(Clone, Debug, PartialEq)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    pub struct Publish {
        pub registry: String,
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub dry_run: Option<bool>,
    }
}

static ENVIRONMENT_NAME: LazyLock<Regex> =
    LazyLock::new(|| Regex::new("^[A-Z][A-Z0-9_]*$").unwrap());

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

fn at(v: &Value, place: impl serde_json::value::Index, valid: impl Fn(&Value) -> bool) -> bool {
    v.get(place).is_none_or(valid)
}

fn each(v: &Value, valid: impl Fn(&Value) -> bool) -> bool {
    v.as_array().is_none_or(|list| list.iter().all(valid))
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

fn length(v: &Value, range: impl RangeBounds<usize>) -> bool {
    v.as_str().is_none_or(|text| range.contains(&text.chars().count()))
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
