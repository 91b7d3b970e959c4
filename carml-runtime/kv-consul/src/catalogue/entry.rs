//! One instance, as Consul's API has it.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use carml_discovery::Instance;
use carml_kv::{Error, ErrorKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{PROVIDER, duration};

/// The agent forgets an instance whose check has failed for this long; Consul's minimum. Clients do
/// not see it from the first failure on.
const FORGOTTEN_AFTER: &str = "1m";

/// What registers a service with an agent.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Entry {
    #[serde(rename = "ID")]
    id: String,
    name: String,
    address: String,
    port: u16,
    meta: BTreeMap<String, String>,
    check: Check,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Check {
    #[serde(rename = "TTL")]
    ttl: String,
    status: &'static str,
    deregister_critical_service_after: &'static str,
}

impl Entry {
    pub(super) fn new(service: &str, instance: &Instance, ttl: Duration) -> Result<Self, Error> {
        let parts = instance.address.rsplit_once(':');
        let parts = parts.and_then(|(host, port)| Some((host, port.parse().ok()?)));
        let Some((host, port)) = parts else {
            let why = format!(
                "`{}` is not an address: expected host:port",
                instance.address
            );
            let error = Error::new(ErrorKind::InvalidArgument, "register", why);
            return Err(error.with_backend(PROVIDER));
        };
        Ok(Self {
            id: format!("{service}-{}", instance.address),
            name: service.to_owned(),
            address: host.trim_matches(['[', ']']).to_owned(),
            port,
            meta: meta(&instance.metadata),
            check: Check {
                ttl: duration::write(ttl),
                // Clients see it at once.
                status: "passing",
                deregister_critical_service_after: FORGOTTEN_AFTER,
            },
        })
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn to_json(&self) -> Bytes {
        // It has no maps whose keys are not strings, so this cannot fail.
        serde_json::to_vec(self).unwrap_or_default().into()
    }
}

fn meta(metadata: &Value) -> BTreeMap<String, String> {
    let entries = metadata.as_object().into_iter().flatten();
    let text = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    entries
        .map(|(key, value)| (key.clone(), text(value)))
        .collect()
}

/// What Consul answers of one instance.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Health {
    node: Node,
    service: Service,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Node {
    address: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Service {
    address: String,
    port: u16,
    meta: Option<BTreeMap<String, String>>,
}

impl Health {
    pub(super) fn into_instance(self) -> Instance {
        // A service without an address is at that of its node.
        let host = match self.service.address.as_str() {
            "" => &self.node.address,
            address => address,
        };
        let port = self.service.port;
        let address = match host.contains(':') {
            true => format!("[{host}]:{port}"),
            false => format!("{host}:{port}"),
        };
        Instance::new(address).with_metadata(self.service.meta.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(address: &str) -> Result<Entry, Error> {
        let instance = Instance::new(address).with_metadata([("zone", "a")]);
        Entry::new("shop.v1.Orders", &instance, Duration::from_secs(30))
    }

    #[test]
    fn an_entry_has_the_fields_of_consuls_api() {
        let json: Value = serde_json::from_slice(&entry("[::1]:70").unwrap().to_json()).unwrap();
        let expected = serde_json::json!({
            "ID": "shop.v1.Orders-[::1]:70", "Name": "shop.v1.Orders", "Address": "::1",
            "Port": 70, "Meta": {"zone": "a"},
            "Check": {"TTL": "30000ms", "Status": "passing",
                "DeregisterCriticalServiceAfter": "1m"},
        });
        assert_eq!(json, expected);
        for wrong in ["host", "host:", "host:99999"] {
            assert!(entry(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_instance_without_an_address_is_at_its_node() {
        let json =
            r#"{"Node":{"Address":"10.0.0.1"},"Service":{"Address":"","Port":7,"Meta":null}}"#;
        let health: Health = serde_json::from_str(json).unwrap();
        assert_eq!(health.into_instance(), Instance::new("10.0.0.1:7"));
        let json =
            r#"{"Node":{"Address":"x"},"Service":{"Address":"::1","Port":7,"Meta":{"a":"b"}}}"#;
        let health: Health = serde_json::from_str(json).unwrap();
        let expected = Instance::new("[::1]:7").with_metadata([("a", "b")]);
        assert_eq!(health.into_instance(), expected);
    }
}
