use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::RangeBounds;
use std::sync::{LazyLock, Mutex, PoisonError};

use regex::Regex;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// A package, who made it and what it needs.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(remote = "Self", rename_all = "camelCase")]
#[allow(deprecated)]
pub struct Manifest {
    /// For example `"left-pad"`.
    pub name: String,
    pub version: String,
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub license: Option<Option<License>>,
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub authors: Option<Vec<Person>>,
    /// Use `authors`.
    #[deprecated]
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// Defaults to `false`.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub private: Option<bool>,
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub keywords: Option<Vec<String>>,
    /// A program, or programs by their names.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub bin: Option<Bin>,
    /// Packages by their names.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub dependencies: Option<BTreeMap<String, Dependency>>,
    /// Packages by their names.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub dev_dependencies: Option<BTreeMap<String, Dependency>>,
    #[serde(flatten)]
    pub extra: BTreeMap<String, Value>,
}

impl Manifest {
    fn check(v: &Value) -> Result<(), String> {
        rule(
            "name",
            length(&v["name"], ..=64) && matches(&v["name"], "^[a-z][a-z0-9-]*$"),
        )?;
        rule("version", matches(&v["version"], "^[0-9]+\\.[0-9]+\\.[0-9]+$"))?;
        rule("keywords", items(&v["keywords"], ..=5) && unique(&v["keywords"]))?;
        rule(
            "additionalProperties",
            others(
                v,
                |key| {
                    matches!(
                        key, "name" | "version" | "license" | "authors" | "author" |
                        "private" | "keywords" | "bin" | "dependencies" |
                        "devDependencies"
                    ) || fits(key, "^x-")
                },
                |_| false,
            ),
        )
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum License {
    Mit,
    #[serde(rename = "Apache-2.0")]
    Apache20,
    #[serde(rename = "BSD-3-Clause")]
    Bsd3Clause,
}

/// A name, or a name with where to write to.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum Person {
    Contact(Contact),
    Text(String),
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    pub name: String,
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum Bin {
    Map(BTreeMap<String, String>),
    Text(String),
}

/// A range of versions, or where else the package is.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum Dependency {
    GitSource(GitSource),
    LocalSource(LocalSource),
    Text(String),
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct GitSource {
    pub git: String,
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
}

impl GitSource {
    fn check(v: &Value) -> Result<(), String> {
        rule("not", !(has(v, "branch") && has(v, "tag")))
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LocalSource {
    pub path: String,
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

fn others(
    v: &Value,
    known: impl Fn(&str) -> bool,
    test: impl Fn(&Value) -> bool,
) -> bool {
    v.as_object().is_none_or(|map| map.iter().all(|(key, v)| known(key) || test(v)))
}

fn length(v: &Value, range: impl RangeBounds<usize>) -> bool {
    v.as_str().is_none_or(|text| range.contains(&text.chars().count()))
}

fn items(v: &Value, range: impl RangeBounds<usize>) -> bool {
    v.as_array().is_none_or(|list| range.contains(&list.len()))
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
    Manifest GitSource
}
