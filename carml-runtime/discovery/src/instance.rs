//! What a directory keeps.

use std::sync::Arc;

use serde_json::Value;

/// Where one process serves a service.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Instance {
    /// `host:port`, as clients connect to it.
    pub address: String,
    /// What the instance tells clients about itself; CarML writes an object of strings, other
    /// programs any JSON. `Null` if it tells nothing.
    pub metadata: Value,
}

impl Instance {
    /// An instance without metadata.
    pub fn new(address: impl Into<String>) -> Self {
        Self {
            address: address.into(),
            metadata: Value::Null,
        }
    }

    /// With metadata; `Null` if there is none.
    #[must_use]
    pub fn with_metadata<K: Into<String>, V: Into<String>>(
        mut self,
        metadata: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let entries = metadata.into_iter();
        let entries = entries.map(|(key, value)| (key.into(), Value::String(value.into())));
        let entries: serde_json::Map<_, _> = entries.collect();
        self.metadata = match entries.is_empty() {
            true => Value::Null,
            false => Value::Object(entries),
        };
        self
    }

    /// A value of the metadata, if that is an object with this key and a string in it.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.metadata.get(key)?.as_str()
    }
}

/// An instance in a listing of all services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredInstance {
    /// The service that it serves.
    pub service: String,
    /// Where, and what it tells about itself.
    pub instance: Arc<Instance>,
}
