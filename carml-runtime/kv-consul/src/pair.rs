//! Entries as Consul sends them.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use carml_kv::LeaseId;
use serde::{Deserialize, Deserializer, de::Error as _};

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Pair {
    pub(crate) key: String,
    /// What its last writer chose.
    pub(crate) flags: u64,
    #[serde(deserialize_with = "value")]
    pub(crate) value: Bytes,
    /// The session that holds it.
    pub(crate) session: Option<String>,
    /// When it was written first since it was last absent.
    #[serde(rename = "CreateIndex")]
    pub(crate) created: u64,
    #[serde(rename = "ModifyIndex")]
    pub(crate) modified: u64,
}

impl Pair {
    pub(crate) fn lease(&self) -> Option<LeaseId> {
        self.session.as_deref().and_then(lease_id)
    }
}

/// An empty value is null.
fn value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
    let text = Option::<&str>::deserialize(deserializer)?.unwrap_or_default();
    let value = BASE64_STANDARD.decode(text).map_err(D::Error::custom)?;
    Ok(value.into())
}

/// A session as a lease: the first 64 of its 128 random bits.
pub(crate) fn lease_id(session: &str) -> Option<LeaseId> {
    let digits = session.chars().filter(|c| *c != '-').take(16);
    let start = u64::from_str_radix(&digits.collect::<String>(), 16).ok()?;
    Some(LeaseId(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_read_as_consul_writes_it() {
        let json = r#"{"LockIndex":1,"Key":"ns/l","Flags":3,"Value":"eA==","CreateIndex":17,
            "Session":"42cab390-0cad-6a0f-95eb-a789d69a096e","ModifyIndex":18}"#;
        let pair: Pair = serde_json::from_str(json).unwrap();
        assert_eq!((&pair.value[..], pair.created), (&b"x"[..], 17));
        assert_eq!(pair.lease(), Some(LeaseId(0x42ca_b390_0cad_6a0f)));
        let json = r#"{"Key":"ns/l","Flags":0,"Value":null,"CreateIndex":1,"ModifyIndex":1}"#;
        let pair: Pair = serde_json::from_str(json).unwrap();
        assert_eq!((pair.value.len(), pair.lease()), (0, None));
    }
}
