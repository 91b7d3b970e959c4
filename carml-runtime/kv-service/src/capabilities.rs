//! What the store behind the service has.

use carml_runtime::kv::{
    Key, Kv, MAX_VALUE,
    capability::{CALLS, Call, Provider, Scope, scope},
};

use crate::api::{Capability, CapabilityScope, GetCapabilitiesResponse};

/// Of a store. Close is not a call of the service.
pub(crate) fn of(kv: &Kv) -> GetCapabilitiesResponse {
    let provider = Provider::parse(kv.provider());
    let calls = CALLS.iter().filter(|call| **call != Call::Close);
    let capability = |call: &Call| {
        let scope = match scope(provider?, *call)? {
            Scope::Process => CapabilityScope::Server,
            Scope::Cluster => CapabilityScope::Cluster,
        };
        Some(Capability {
            call: call.as_str().to_owned(),
            scope: scope.into(),
        })
    };
    GetCapabilitiesResponse {
        backend: kv.provider().to_owned(),
        capabilities: calls.filter_map(capability).collect(),
        max_value_bytes: MAX_VALUE as u64,
        max_key_bytes: Key::MAX_BYTES as u64,
    }
}
