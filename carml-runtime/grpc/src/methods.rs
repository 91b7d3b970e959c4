//! Which methods there are, from the descriptors of the services.

use std::{collections::HashMap, ptr, sync::Arc};

use carml_diagnostic::{did_you_mean, nearest};
use prost::Message as _;
use prost_types::{FileDescriptorSet, method_options::IdempotencyLevel};

use crate::health::pb;

/// The methods of the services that are served. Cheap to clone.
///
/// Health is always one of them.
#[derive(Clone, Debug)]
pub struct Methods(Arc<Table>);

#[derive(Debug, Default)]
struct Table {
    all: Vec<Method>,
    by_path: HashMap<String, usize>,
}

#[derive(Debug)]
pub(crate) struct Method {
    /// `package.Service/Method`
    pub(crate) name: String,
    pub(crate) requests: Requests,
    /// Whether the proto file says that a call may be made twice.
    is_idempotent: bool,
}

/// How many messages a request of a method has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Requests {
    /// Exactly one.
    One,
    /// A stream.
    Any,
}

impl Methods {
    /// Those of encoded `google.protobuf.FileDescriptorSet`s. Of a set that cannot be read, the
    /// methods are not known.
    pub fn of<'a>(descriptors: impl IntoIterator<Item = &'a [u8]>) -> Self {
        Self::of_services(descriptors, [])
    }

    /// The same, and of the sets in the second list only those of the service with them: the others
    /// are not served.
    pub fn of_services<'a>(
        descriptors: impl IntoIterator<Item = &'a [u8]>,
        services: impl IntoIterator<Item = (&'a [u8], &'a str)>,
    ) -> Self {
        let mut table = Table::default();
        for (set, service) in services {
            table.add(set, Some(service));
        }
        for set in descriptors {
            table.add(set, None);
        }
        table.add(pb::FILE_DESCRIPTOR_SET, None);
        Self(Arc::new(table))
    }

    /// Where the method of a path is in [`all`](Self::all).
    pub(crate) fn index(&self, path: &str) -> Option<usize> {
        self.0.by_path.get(path).copied()
    }

    /// Identifies the table: an index into [`all`](Self::all) is valid only in the table that it came
    /// from. Unique while the table is alive.
    pub(crate) fn id(&self) -> usize {
        ptr::from_ref(&*self.0).addr()
    }

    pub(crate) fn all(&self) -> &[Method] {
        &self.0.all
    }

    /// Where those of a service, or the one method, are in [`all`](Self::all).
    ///
    /// # Errors
    ///
    /// A text that says that there is none, and what is like it.
    pub(crate) fn named(&self, name: &str) -> Result<Vec<usize>, String> {
        self.find(name, "is served")
    }

    /// Whether there is a service of this name.
    pub fn has_service(&self, name: &str) -> bool {
        self.all().iter().any(|method| method.service() == name)
    }

    /// Whether the one method, or each one of a service, is marked with `idempotency_level`.
    ///
    /// # Errors
    ///
    /// A text that says that there is none, and what is like it.
    pub fn are_idempotent(&self, name: &str) -> Result<bool, String> {
        let found = self.find(name, "is in the proto files of its clients")?;
        Ok(found.iter().all(|index| self.all()[*index].is_idempotent))
    }

    fn find(&self, name: &str, is_where: &str) -> Result<Vec<usize>, String> {
        let is_named = |method: &Method| method.name == name || method.service() == name;
        let all = self.all().iter().enumerate();
        let found: Vec<usize> = all
            .filter(|(_, one)| is_named(one))
            .map(|(n, _)| n)
            .collect();
        if !found.is_empty() {
            return Ok(found);
        }
        let names = self
            .all()
            .iter()
            .flat_map(|method| match name.contains('/') {
                true => [method.name.as_str(), ""],
                false => ["", method.service()],
            });
        let near = nearest(name, names.filter(|name| !name.is_empty()));
        let hint = near.first().map(|near| format!(": {}", did_you_mean(near)));
        let what = if name.contains('/') {
            "method"
        } else {
            "service"
        };
        Err(format!(
            "no {what} `{name}` {is_where}{}",
            hint.unwrap_or_default()
        ))
    }
}

impl Method {
    /// `package.Service`
    fn service(&self) -> &str {
        self.name
            .rsplit_once('/')
            .map_or("", |(service, _)| service)
    }
}

impl Default for Methods {
    fn default() -> Self {
        Self::of([])
    }
}

impl Table {
    fn add(&mut self, descriptors: &[u8], only: Option<&str>) {
        let set = match FileDescriptorSet::decode(descriptors) {
            Ok(set) => set,
            Err(error) => {
                tracing::warn!(%error, "a descriptor set cannot be read: requests of its methods are not checked");
                return;
            }
        };
        for file in &set.file {
            for service in &file.service {
                let package = file.package();
                let dot = if package.is_empty() { "" } else { "." };
                let service_name = format!("{package}{dot}{}", service.name());
                if only.is_some_and(|only| only != service_name) {
                    continue;
                }
                for method in &service.method {
                    let name = format!("{service_name}/{}", method.name());
                    let requests = match method.client_streaming() {
                        true => Requests::Any,
                        false => Requests::One,
                    };
                    let is_idempotent = method.options.as_ref().is_some_and(|options| {
                        options.idempotency_level() != IdempotencyLevel::IdempotencyUnknown
                    });
                    let path = format!("/{name}");
                    // A file that several sets have is added once.
                    if !self.by_path.contains_key(&path) {
                        self.by_path.insert(path, self.all.len());
                        self.all.push(Method {
                            name,
                            requests,
                            is_idempotent,
                        });
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn knows_which_methods_take_one_request() {
        let methods = Methods::of([pb::FILE_DESCRIPTOR_SET, b"not a descriptor set"]);
        let check = methods.index("/grpc.health.v1.Health/Check");
        let check = check.map(|index| &methods.all()[index]);
        assert_eq!(check.map(|method| method.requests), Some(Requests::One));
        assert_eq!(methods.index("/no.Service/Method"), None);
        let other = Methods::of_services([], [(pb::FILE_DESCRIPTOR_SET, "other")]);
        assert_eq!(
            other.all().len(),
            methods.all().len(),
            "health is always served"
        );
        let named = methods.named("grpc.health.v1.Health/Check");
        assert_eq!(named.map(|all| all.len()), Ok(1));
        assert!(
            methods
                .named("grpc.health.v1.Health")
                .is_ok_and(|all| all.len() > 1)
        );
        let unknown = methods.named("grpc.health.v1.Heath").unwrap_err();
        assert!(unknown.contains("grpc.health.v1.Health"), "{unknown}");
        let names = methods.all().iter().map(|method| &method.name);
        assert_eq!(names.filter(|name| name.ends_with("/Check")).count(), 1);
    }
}
