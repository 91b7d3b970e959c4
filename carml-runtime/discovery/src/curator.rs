//! The format of Apache Curator's service discovery, on ZooKeeper.

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Format, Instance};

/// Curator's `x-discovery`: the node `<base>/<service>/<id>` with a `ServiceInstance` as JSON. The
/// prefix of a directory is Curator's base path; the metadata is the payload.
#[derive(Clone, Copy, Debug, Default)]
pub struct CuratorFormat;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ServiceInstance {
    name: String,
    id: String,
    address: String,
    port: Option<u16>,
    #[serde(default)]
    ssl_port: Option<u16>,
    #[serde(default)]
    payload: Value,
    #[serde(default, rename = "registrationTimeUTC")]
    registration_time_utc: u64,
    #[serde(default)]
    service_type: Option<String>,
    #[serde(default)]
    uri_spec: Option<Value>,
    #[serde(default = "yes")]
    enabled: bool,
}

fn yes() -> bool {
    true
}

impl Format for CuratorFormat {
    fn id(&self, _: &str, instance: &Instance) -> String {
        instance.address.clone()
    }

    fn encode(&self, service: &str, id: &str, instance: &Instance) -> Bytes {
        let (host, port) = match instance.address.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().ok()),
            None => (instance.address.as_str(), None),
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let millis = now.map_or(0, |now| now.as_millis());
        let entry = ServiceInstance {
            name: service.to_owned(),
            id: id.to_owned(),
            address: host.trim_matches(['[', ']']).to_owned(),
            port,
            ssl_port: None,
            payload: instance.metadata.clone(),
            registration_time_utc: u64::try_from(millis).unwrap_or_default(),
            service_type: Some("DYNAMIC".to_owned()),
            uri_spec: None,
            enabled: true,
        };
        // It has no maps whose keys are not strings, so this cannot fail.
        serde_json::to_vec(&entry).unwrap_or_default().into()
    }

    fn decode(&self, value: &[u8]) -> Option<Instance> {
        let entry: ServiceInstance = serde_json::from_slice(value).ok()?;
        let port = entry.port.or(entry.ssl_port).filter(|_| entry.enabled)?;
        let address = match entry.address.contains(':') {
            true => format!("[{}]:{port}", entry.address),
            false => format!("{}:{port}", entry.address),
        };
        Some(Instance {
            address,
            metadata: without_class(entry.payload),
        })
    }
}

/// Curator adds the Java class to a payload that is an object.
fn without_class(mut payload: Value) -> Value {
    if let Some(entries) = payload.as_object_mut() {
        entries.remove("@class");
    }
    payload
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_has_curators_fields_and_comes_back() {
        let instance = Instance::new("[::1]:70").with_metadata([("zone", "a")]);
        let value = CuratorFormat.encode("shop.v1.Orders", "[::1]:70", &instance);
        let mut json: Value = serde_json::from_slice(&value).unwrap();
        assert!(json["registrationTimeUTC"].as_u64().unwrap() > 0);
        json["registrationTimeUTC"] = 0.into();
        let expected = serde_json::json!({
            "name": "shop.v1.Orders", "id": "[::1]:70", "address": "::1", "port": 70,
            "sslPort": null, "payload": {"zone": "a"}, "registrationTimeUTC": 0,
            "serviceType": "DYNAMIC", "uriSpec": null, "enabled": true,
        });
        assert_eq!(json, expected);
        assert_eq!(CuratorFormat.decode(&value), Some(instance));
    }

    #[test]
    fn what_curator_writes_is_read_and_what_is_disabled_is_not() {
        let java = br#"{"name":"s","id":"7e","address":"10.0.0.7","port":7070,"sslPort":null,
            "payload":{"@class":"java.util.HashMap","language":"java"},
            "registrationTimeUTC":1,"serviceType":"DYNAMIC","uriSpec":null}"#;
        let expected = Instance::new("10.0.0.7:7070").with_metadata([("language", "java")]);
        assert_eq!(CuratorFormat.decode(java), Some(expected));
        let disabled = br#"{"name":"s","id":"1","address":"a","port":1,"enabled":false}"#;
        assert_eq!(CuratorFormat.decode(disabled), None);
        assert_eq!(CuratorFormat.decode(b"\0carml:directory\0"), None);
    }
}
