//! What CarML adds to each service that tonic-build writes.

use std::fmt::Write as _;

use heck::ToSnakeCase;
use prost_build::{Module, Service, ServiceGenerator};

/// tonic's generator, and after it the names beside the messages and the descriptor set.
pub(super) struct Services {
    tonic: Box<dyn ServiceGenerator>,
}

impl Services {
    pub(super) fn new() -> Self {
        Self {
            tonic: tonic_prost_build::configure().service_generator(),
        }
    }
}

impl ServiceGenerator for Services {
    fn generate(&mut self, service: Service, buf: &mut String) {
        let name = service.name.clone();
        let module = name.to_snake_case();
        let depth = Module::from_protobuf_package_name(&service.package)
            .parts()
            .count();
        self.tonic.generate(service, buf);
        let root = "super::".repeat(depth);
        // Writing to a String cannot fail.
        let _ = write!(
            buf,
            "
            pub use {module}_client::{name}Client;
            pub use {module}_server::{{{name}, {name}Server}};

            impl<T> ::carml_runtime::grpc::Described for {name}Server<T> {{
                const FILE_DESCRIPTOR_SET: &'static [u8] = {root}FILE_DESCRIPTOR_SET;
            }}
            "
        );
    }

    fn finalize(&mut self, buf: &mut String) {
        self.tonic.finalize(buf);
    }

    fn finalize_package(&mut self, package: &str, buf: &mut String) {
        self.tonic.finalize_package(package, buf);
    }
}
