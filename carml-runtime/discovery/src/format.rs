//! How an instance is written into a key and a value.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Instance;

/// How an instance of a service is one entry of a key/value store: `<service>/<id>`.
///
/// Formats are those of other programs: what they write is found, and what is written here is found
/// by them.
pub trait Format: Send + Sync + 'static {
    /// The last segment of the key.
    fn id(&self, service: &str, instance: &Instance) -> String;

    /// The value.
    fn encode(&self, service: &str, id: &str, instance: &Instance) -> Bytes;

    /// The instance in a value; `None` if the value has another format.
    fn decode(&self, value: &[u8]) -> Option<Instance>;
}

/// etcd's own gRPC naming, as the Go package `go.etcd.io/etcd/client/v3/naming` has it: the key
/// `<service>/<address>` and the value `{"Op":0,"Addr":"<address>","Metadata":<JSON>}`.
#[derive(Clone, Copy, Debug, Default)]
pub struct NamingFormat;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NamingUpdate {
    /// Always 0, an addition. The Go package does not read it.
    #[serde(default)]
    op: u8,
    addr: String,
    #[serde(default)]
    metadata: Value,
}

impl Format for NamingFormat {
    fn id(&self, _: &str, instance: &Instance) -> String {
        instance.address.clone()
    }

    fn encode(&self, _: &str, _: &str, instance: &Instance) -> Bytes {
        let update = NamingUpdate {
            op: 0,
            addr: instance.address.clone(),
            metadata: instance.metadata.clone(),
        };
        // It has no maps whose keys are not strings, so this cannot fail.
        serde_json::to_vec(&update).unwrap_or_default().into()
    }

    fn decode(&self, value: &[u8]) -> Option<Instance> {
        let update: NamingUpdate = serde_json::from_slice(value).ok()?;
        let is_address = !update.addr.is_empty();
        is_address.then_some(Instance {
            address: update.addr,
            metadata: update.metadata,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_is_byte_for_byte_that_of_etcds_go_package() {
        let plain = Instance::new("10.0.0.5:50051");
        let value = NamingFormat.encode("s", "10.0.0.5:50051", &plain);
        let expected = br#"{"Op":0,"Addr":"10.0.0.5:50051","Metadata":null}"#;
        assert_eq!(value, &expected[..]);
        let zoned = plain.with_metadata([("zone", "a")]);
        let value = NamingFormat.encode("s", "10.0.0.5:50051", &zoned);
        let expected = br#"{"Op":0,"Addr":"10.0.0.5:50051","Metadata":{"zone":"a"}}"#;
        assert_eq!(value, &expected[..]);
        assert_eq!(NamingFormat.decode(&value), Some(zoned));
    }

    #[test]
    fn a_value_of_another_program_is_no_instance() {
        for value in [
            &b""[..],
            b"{}",
            b"[]",
            b"1",
            b"\xff",
            br#"{"Op":0,"Addr":""}"#,
        ] {
            assert_eq!(NamingFormat.decode(value), None, "{value:?}");
        }
        let foreign = NamingFormat
            .decode(br#"{"Addr":"a:1","Metadata":[1]}"#)
            .unwrap();
        assert_eq!(
            (&foreign.address[..], foreign.metadata("zone")),
            ("a:1", None)
        );
    }
}
