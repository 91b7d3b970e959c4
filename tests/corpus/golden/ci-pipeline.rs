use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::RangeBounds;
use std::sync::{LazyLock, Mutex, PoisonError};

use regex::Regex;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Number, Value};

/// What is built, tested and released, and when.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Pipeline {
    /// The format's version.
    pub version: Number,
    /// What starts the pipeline.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub on: Option<Vec<Trigger>>,
    /// Stages by their names.
    pub stages: BTreeMap<String, Stage>,
}

impl Pipeline {
    fn check(v: &Value) -> Result<(), String> {
        rule("version", at(v, "version", |v| v.as_f64() == Some(1.0)))?;
        rule("stages", keys(&v["stages"], 1..))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    Push,
    PullRequest,
    Schedule,
    Manual,
}

/// Steps that run one after the other; stages run side by side.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(remote = "Self", deny_unknown_fields, rename_all = "camelCase")]
pub struct Stage {
    /// Stages that must have succeeded before this one starts.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub needs: Option<Vec<String>>,
    /// Variables that the commands see.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub environment: Option<BTreeMap<String, EnvironmentValue>>,
    pub steps: Vec<Step>,
    /// Defaults to `60`.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub timeout_minutes: Option<u16>,
}

impl Stage {
    fn check(v: &Value) -> Result<(), String> {
        rule("needs", unique(&v["needs"]))?;
        rule(
            "environment",
            names(&v["environment"], |v| matches(v, "^[A-Z][A-Z0-9_]*$")),
        )?;
        rule("steps", items(&v["steps"], 1..))?;
        rule("timeoutMinutes", number(&v["timeoutMinutes"], 1.0..=360.0))
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum EnvironmentValue {
    Boolean(bool),
    Number(Number),
    Text(String),
}

/// A thing to do.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Step {
    /// Runs commands in a shell.
    Run(Run),
    /// Brings folders back from an earlier run, and keeps them for the next.
    Cache(Cache),
    /// Gives what was built to a registry.
    Publish(Publish),
}

/// Runs commands in a shell.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// One command, or several that run one after the other.
    pub commands: Commands,
    /// Defaults to `"bash"`.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub shell: Option<Shell>,
}

/// One command, or several that run one after the other.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(remote = "Self", untagged)]
pub enum Commands {
    List(Vec<String>),
    Text(String),
}

impl Commands {
    fn check(v: &Value) -> Result<(), String> {
        rule(
            "oneOf",
            (v.is_string() && length(v, 1..))
                || (v.is_array() && items(v, 1..) && each(v, Value::is_string)),
        )
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Shell {
    Bash,
    Sh,
    Pwsh,
}

/// Brings folders back from an earlier run, and keeps them for the next.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Cache {
    /// For example `"cargo-{{ checksum \"Cargo.lock\" }}"`.
    pub key: String,
    pub paths: Vec<String>,
}

/// Gives what was built to a registry.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Publish {
    pub registry: String,
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<bool>,
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

fn at(
    v: &Value,
    place: impl serde_json::value::Index,
    test: impl Fn(&Value) -> bool,
) -> bool {
    v.get(place).is_none_or(test)
}

fn each(v: &Value, test: impl Fn(&Value) -> bool) -> bool {
    v.as_array().is_none_or(|list| list.iter().all(test))
}

fn names(v: &Value, test: impl Fn(&Value) -> bool) -> bool {
    v.as_object().is_none_or(|map| map.keys().all(|key| test(&key.as_str().into())))
}

fn number(v: &Value, range: impl RangeBounds<f64>) -> bool {
    v.as_f64().is_none_or(|number| range.contains(&number))
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
    Pipeline Stage Commands
}
