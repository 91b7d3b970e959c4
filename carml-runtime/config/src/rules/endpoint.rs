//! Addresses that no connection can be made to.

use super::Rules;
use crate::ListenAddress;
use carml_diagnostic::Diagnostic;
use carml_schema::{Annotated, Annotations, scalar::endpoint};

/// Addresses of this machine: the system may choose their port.
const OWN: [&str; 2] = ["/grpc/server/listen", "/grpc/server/advertise"];

pub(super) fn check(rules: &mut Rules<'_>, marked: &[Annotated<'_>]) {
    let remote = marked
        .iter()
        .filter(|m| m.annotations.has(Annotations::ENDPOINT));
    let remote = remote.map(|m| (m.pointer.as_str(), m.value, false));
    let value = rules.document.value();
    let own = OWN
        .iter()
        .filter_map(|at| Some((*at, value.pointer(at)?, true)))
        .filter(|(_, value, _)| {
            let text = value.as_str().unwrap_or_default();
            matches!(ListenAddress::of(text), ListenAddress::Network(_))
        });
    for (pointer, value, own) in remote.chain(own) {
        let found = value.as_str().and_then(|text| endpoint::wrong(text, own));
        if let Some((address, help)) = found {
            rules.add(Diagnostic::new(address).help(help), pointer);
        }
    }
}
