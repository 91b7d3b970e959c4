//! `#[carml_service]` for handlers and `#[derive(ConfigSection)]` for config sections.
//!
//! Use them through `carml_runtime`, which re-exports them: the expansion names paths of
//! `::carml_runtime` alone.

mod errors;
// A link to the file of `carml-diagnostic`: the macros depend on no other crate of CarML.
#[allow(dead_code, unreachable_pub, reason = "public where it is")]
mod nearest;
mod section;
mod service;

use proc_macro::TokenStream;

/// Makes the `impl` of a generated service trait a CarML service, ready for `App::service`.
///
/// Each handler may take and return messages, or tonic's types:
///
/// | | messages | tonic's types |
/// |---|---|---|
/// | parameter | `HelloRequest`, `Streaming<HelloRequest>` | `Request<…>` of either, with metadata |
/// | response | `Result<HelloReply, Status>` | `Result<Response<HelloReply>, Status>` |
/// | stream of responses | `Result<impl Stream<Item = Result<HelloReply, Status>> + Send + use<>, Status>` | `Response<…>` around the stream |
///
/// The macro declares the type of the stream, unless the `impl` declares it (`type FollowStream`).
/// A stream outlives the call of its handler, so it cannot borrow `self`, which is the meaning of
/// `use<>`: clone what the stream needs.
///
/// `requires(call, call: scope)` lists the store calls that the service needs: `lock: cluster` is a
/// call of the key/value store, `store.presign` one of the object store. The scope is `process`
/// (the default) or `cluster`. If the configured provider lacks one of the calls, the start and
/// `--check` report an error.
///
/// The server type is the trait's path with `Server` appended, and must be in scope in the same
/// way: `Greeter` and `GreeterServer`, or `api::Greeter` and `api::GreeterServer`. A type
/// implements one service.
///
/// `carml_runtime::carml_service` has a compiled example.
#[proc_macro_attribute]
pub fn carml_service(args: TokenStream, item: TokenStream) -> TokenStream {
    service::expand(args.into(), &item.into()).into()
}

/// Makes a struct a section of the config: `App::section` adds it to the schema, and
/// `Context::section` reads it.
///
/// Names, docs and defaults are what serde and schemars make of the struct: with
/// `#[serde(default)]` the config may leave keys out, and a default is shown in the schema if the
/// struct is `Serialize` too. Keys that the struct does not have are refused.
///
/// `carml_runtime::ConfigSection` has a compiled example.
#[proc_macro_derive(ConfigSection, attributes(carml))]
pub fn config_section(item: TokenStream) -> TokenStream {
    section::expand(item.into()).into()
}
