use std::collections::{BTreeMap, HashSet};
use std::ops::RangeBounds;
use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

types! {
    /// A package, who made it and what it needs.
    #[derive(Clone, Debug, PartialEq)]
    #[serde(rename_all = "camelCase")]
    #[allow(deprecated)]
    pub struct Manifest {
        /// For example `"left-pad"`.
        pub name: String,
        pub version: String,
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub license: Option<Option<License>>,
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub authors: Option<Vec<Person>>,
        /// Use `authors`.
        #[deprecated]
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub author: Option<String>,
        /// Defaults to `false`.
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub private: Option<bool>,
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub keywords: Option<Vec<String>>,
        /// A program, or programs by their names.
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub bin: Option<Bin>,
        /// Packages by their names.
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub dependencies: Option<BTreeMap<String, Dependency>>,
        /// Packages by their names.
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub dev_dependencies: Option<BTreeMap<String, Dependency>>,
        #[serde(flatten)]
        pub extra: BTreeMap<String, Value>,
    }
    check(v) {
        ensure("`name`", "maxLength, pattern", {
            length(&v["name"], ..=64) && matches(&v["name"], &NAME)
        })?;
        ensure("`version`", "pattern", matches(&v["version"], &VERSION))?;
        ensure("`keywords`", "maxItems, uniqueItems", {
            items(&v["keywords"], ..=5) && unique(&v["keywords"])
        })?;
        ensure("the value", "additionalProperties", {
            others(
                v,
                |key| {
                    matches!(
                        key, "name" | "version" | "license" | "authors" | "author" |
                        "private" | "keywords" | "bin" | "dependencies" | "devDependencies"
                    ) || MANIFEST_KEY.is_match(key)
                },
                |_| false,
            )
        })
    }

    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    #[serde(rename_all = "UPPERCASE")]
    pub enum License {
        Mit,
        #[serde(rename = "Apache-2.0")]
        Apache20,
        #[serde(rename = "BSD-3-Clause")]
        Bsd3Clause,
    }

    /// A name, or a name with where to write to.
    #[derive(Clone, Debug, PartialEq)]
    #[serde(untagged)]
    pub enum Person {
        Contact(Contact),
        Text(String),
    }

    #[derive(Clone, Debug, PartialEq)]
    #[serde(deny_unknown_fields)]
    pub struct Contact {
        pub name: String,
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub email: Option<String>,
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub url: Option<String>,
    }

    #[derive(Clone, Debug, PartialEq)]
    #[serde(untagged)]
    pub enum Bin {
        Map(BTreeMap<String, String>),
        Text(String),
    }

    /// A range of versions, or where else the package is.
    #[derive(Clone, Debug, PartialEq)]
    #[serde(untagged)]
    pub enum Dependency {
        GitSource(GitSource),
        LocalSource(LocalSource),
        Text(String),
    }

    #[derive(Clone, Debug, PartialEq)]
    #[serde(deny_unknown_fields)]
    pub struct GitSource {
        pub git: String,
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub branch: Option<String>,
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        pub tag: Option<String>,
    }
    check(v) {
        ensure("the value", "not", !(has(v, "branch") && has(v, "tag")))
    }

    #[derive(Clone, Debug, PartialEq)]
    #[serde(deny_unknown_fields)]
    pub struct LocalSource {
        pub path: String,
    }
}

static MANIFEST_KEY: LazyLock<Regex> = LazyLock::new(|| Regex::new("^x-").unwrap());
static NAME: LazyLock<Regex> = LazyLock::new(|| Regex::new("^[a-z][a-z0-9-]*$").unwrap());
static VERSION: LazyLock<Regex> =
    LazyLock::new(|| Regex::new("^[0-9]+\\.[0-9]+\\.[0-9]+$").unwrap());

/// Reads a key that is present: only an absent one is `None`.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(d: D) -> Result<Option<T>, D::Error> {
    T::deserialize(d).map(Some)
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

fn has(v: &Value, key: &str) -> bool {
    v.as_object().is_none_or(|map| map.contains_key(key))
}

fn others(v: &Value, known: impl Fn(&str) -> bool, valid: impl Fn(&Value) -> bool) -> bool {
    v.as_object().is_none_or(|map| map.iter().all(|(key, v)| known(key) || valid(v)))
}

fn length(v: &Value, range: impl RangeBounds<usize>) -> bool {
    v.as_str().is_none_or(|text| range.contains(&text.chars().count()))
}

fn items(v: &Value, range: impl RangeBounds<usize>) -> bool {
    v.as_array().is_none_or(|list| range.contains(&list.len()))
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
