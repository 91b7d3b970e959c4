use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Menu {
    pub entries: Vec<Entry>,
}

/// A line of the menu, with what opens under it.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub label: String,
    /// A line of the menu, with what opens under it.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub parent: Option<Box<Entry>>,
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub below: Option<Menu>,
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub by_key: Option<BTreeMap<String, Entry>>,
}

/// Reads a key that is there: only absence is none.
fn some<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
