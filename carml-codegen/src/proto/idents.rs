//! The Rust names of what a proto file declares, as prost and tonic make them.

use heck::ToUpperCamelCase as _;
use prost_build::Module;

/// A message, enum, oneof, service, enum value or oneof member.
pub(super) fn upper(name: &str) -> String {
    match guard_digit(name.to_upper_camel_case()) {
        name if name == "Self" => "Self_".to_owned(),
        name => name,
    }
}

/// A name in Rust does not begin with a digit.
fn guard_digit(name: String) -> String {
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        format!("_{name}")
    } else {
        name
    }
}

/// A service's trait. `#[async_trait]` expands to a plain `Box`.
pub(super) fn service(name: &str) -> String {
    match upper(name) {
        name if name == "Box" => "Box_".to_owned(),
        name => name,
    }
}

/// A field, method or module.
pub(super) fn snake(name: &str) -> String {
    let module = Module::from_protobuf_package_name(name);
    module.parts().collect()
}

/// The path of a package's module.
pub(super) fn package(name: &str) -> Vec<String> {
    let module = Module::from_protobuf_package_name(name);
    module.parts().map(str::to_owned).collect()
}

/// A service's modules, `NAME_client` and `NAME_server`, from its name in Rust. tonic begins a
/// word at every capital letter.
pub(super) fn service_module(service: &str, side: &str) -> String {
    let mut module = String::new();
    for c in service.chars() {
        if c.is_uppercase() && !module.is_empty() {
            module.push('_');
        }
        module.push(c.to_ascii_lowercase());
    }
    format!("{module}_{side}")
}

/// A method of a service's trait and client, from its name in Rust.
pub(super) fn method(name: &str) -> String {
    if RESERVED_METHODS.contains(&name) {
        format!("{name}_")
    } else {
        name.to_owned()
    }
}

/// The stream type of a method, from the method's name in the trait. `#[carml_service]` sees
/// that name alone.
pub(super) fn stream(method: &str) -> String {
    let method = method.trim_start_matches("r#");
    guard_digit(format!("{}Stream", method.to_upper_camel_case()))
}

/// Names that a client already has: tonic's own functions, and methods of the traits that the
/// prelude brings, which would be called instead. A call of such a name gets a `_`, as one that
/// is a keyword does.
const RESERVED_METHODS: &[&str] = &[
    "accept_compressed",
    "clone",
    "clone_into",
    "connect",
    "into",
    "max_decoding_message_size",
    "max_encoding_message_size",
    "new",
    "send_compressed",
    "to_owned",
    "try_into",
    "with_interceptor",
    "with_origin",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_prost_and_tonic() {
        assert_eq!(upper("HTTPReq"), "HttpReq");
        assert_eq!(upper("self"), "Self_");
        assert_eq!(upper("_1st"), "_1st");
        assert_eq!(snake("GetHTTPStatus"), "get_http_status");
        assert_eq!(snake("Type"), "r#type");
        assert_eq!(service_module("PlanAB", "client"), "plan_a_b_client");
        assert_eq!(service_module("Self_", "server"), "self__server");
        assert_eq!(stream("r#match"), "MatchStream");
        assert_eq!(stream("clone_"), "CloneStream");
        assert_eq!(stream("_1"), "_1Stream");
    }
}
