//! Which methods there are, from the descriptors of the services.

use std::collections::HashMap;

use prost::Message as _;
use prost_types::FileDescriptorSet;

/// How many messages a request of a method has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Requests {
    /// Exactly one.
    One,
    /// A stream.
    Any,
}

/// The methods of the services that are served, by their paths.
#[derive(Debug, Default)]
pub(super) struct Methods(HashMap<String, Requests>);

impl Methods {
    /// Adds the methods of an encoded `google.protobuf.FileDescriptorSet`. Of a set that cannot be
    /// read, the methods are not known.
    pub(super) fn add(&mut self, descriptors: &[u8]) {
        let set = match FileDescriptorSet::decode(descriptors) {
            Ok(set) => set,
            Err(error) => {
                tracing::warn!(%error, "a descriptor set cannot be read: requests of its methods are not checked");
                return;
            }
        };
        for file in &set.file {
            for service in &file.service {
                for method in &service.method {
                    let package = file.package();
                    let dot = if package.is_empty() { "" } else { "." };
                    let path = format!("/{package}{dot}{}/{}", service.name(), method.name());
                    let requests = match method.client_streaming() {
                        true => Requests::Any,
                        false => Requests::One,
                    };
                    self.0.insert(path, requests);
                }
            }
        }
    }

    /// What the method takes, if it is known.
    pub(super) fn get(&self, path: &str) -> Option<Requests> {
        self.0.get(path).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_which_methods_take_one_request() {
        let mut methods = Methods::default();
        methods.add(tonic_health::pb::FILE_DESCRIPTOR_SET);
        methods.add(b"not a descriptor set");
        let check = methods.get("/grpc.health.v1.Health/Check");
        assert_eq!(check, Some(Requests::One));
        assert_eq!(methods.get("/no.Service/Method"), None);
    }
}
