//! What CarML adds to each service that tonic-build writes.

use std::{collections::HashMap, fmt::Write as _};

use heck::{ToSnakeCase, ToUpperCamelCase};
use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use prost_build::{Module, Service, ServiceGenerator};

/// What every client of tonic's has. A method of such a name gets a `_`, as one that is a keyword.
const CLIENT: [&str; 8] = [
    "accept_compressed",
    "connect",
    "max_decoding_message_size",
    "max_encoding_message_size",
    "new",
    "send_compressed",
    "with_interceptor",
    "with_origin",
];

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
    fn generate(&mut self, mut service: Service, buf: &mut String) {
        for method in &mut service.methods {
            if CLIENT.contains(&method.name.as_str()) {
                method.name.push('_');
            }
        }
        let name = service.name.clone();
        let module = name.to_snake_case();
        let depth = Module::from_protobuf_package_name(&service.package)
            .parts()
            .count();
        let streams = streams(&service);
        let mut written = String::new();
        self.tonic.generate(service, &mut written);
        buf.push_str(&renamed(written, &streams));
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

/// Stream types that tonic names after the proto file's own spelling, and their names in Rust:
/// `GetHTTPStream`, `GetHttpStream`. `#[carml_service]` sees the handler's name alone.
fn streams(service: &Service) -> HashMap<String, String> {
    let streaming = service.methods.iter().filter(|m| m.server_streaming);
    streaming
        .map(|method| {
            let handler = method.name.trim_start_matches("r#");
            let name = handler.to_upper_camel_case();
            (
                format!("{}Stream", method.proto_name),
                format!("{name}Stream"),
            )
        })
        .filter(|(tonic, rust)| tonic != rust)
        .collect()
}

fn renamed(code: String, names: &HashMap<String, String>) -> String {
    if names.is_empty() {
        return code;
    }
    match code.parse() {
        Ok(tokens) => rename(tokens, names).to_string(),
        // Who reads the whole says so.
        Err(_) => code,
    }
}

fn rename(tokens: TokenStream, names: &HashMap<String, String>) -> TokenStream {
    let rename = |token| match token {
        TokenTree::Ident(ident) => match names.get(&ident.to_string()) {
            Some(name) => Ident::new(name, ident.span()).into(),
            None => ident.into(),
        },
        TokenTree::Group(group) => {
            Group::new(group.delimiter(), rename(group.stream(), names)).into()
        }
        other => other,
    };
    tokens.into_iter().map(rename).collect()
}
