//! Metadata of requests, for the log.

use std::fmt;

use http::{HeaderMap, HeaderName};

use super::Refusal;

/// Metadata that has credentials.
const CREDENTIALS: &[&str] = &["authorization", "cookie", "proxy-authorization"];

/// The names that are logged.
#[derive(Debug)]
pub(super) struct Names(Vec<HeaderName>);

/// Their values in one request: a JSON object with a list of strings each.
pub(crate) struct Values(String);

impl Names {
    pub(super) fn new(names: &[String]) -> Result<Self, Refusal> {
        let names = names.iter().enumerate().map(|(n, name)| {
            let refusal = |message| Refusal {
                pointer: format!("/metadata/{n}"),
                message,
            };
            if CREDENTIALS.contains(&name.as_str()) {
                let message = format!("`{name}` has credentials, which are not logged");
                return Err(refusal(message));
            }
            let name = HeaderName::try_from(name.as_str());
            name.map_err(|error| refusal(error.to_string()))
        });
        names.collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn values(&self, headers: &HeaderMap) -> Option<Values> {
        if self.0.is_empty() {
            return None;
        }
        let mut all = serde_json::Map::new();
        for name in self.0.iter().filter(|name| headers.contains_key(*name)) {
            let values = headers.get_all(name).iter();
            let values = values.map(|value| String::from_utf8_lossy(value.as_bytes()).into());
            all.insert(
                name.as_str().to_owned(),
                serde_json::Value::Array(values.collect()),
            );
        }
        (!all.is_empty()).then(|| Values(serde_json::Value::Object(all).to_string()))
    }
}

impl fmt::Debug for Values {
    /// The object itself: the log makes a field of each of its keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
