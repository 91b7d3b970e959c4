//! The macros that stitch a handler, and a config section, into the CarML runtime.
//!
//! Use it through `carml_runtime`, which re-exports it: the expansion names
//! `::carml_runtime::__private` alone.

mod faults;
mod section;
mod service;

use proc_macro::TokenStream;

/// Makes the `impl` of a generated service trait a CarML service.
///
/// Handlers may be written plainly or as tonic has them, method by method:
///
/// ```text
/// #[carml_service(requires(lock: cluster, watch))]
/// impl Greeter for Hello {
///     async fn say_hello(&self, request: HelloRequest) -> Result<HelloReply, Status> { … }
///
///     async fn follow(
///         &self,
///         request: tonic::Request<FollowRequest>,
///     ) -> Result<impl Stream<Item = Result<Tally, Status>> + Send + use<>, Status> { … }
/// }
/// ```
///
/// A plain parameter gets the message (or the `Streaming` of messages) without metadata, and a
/// plain result is wrapped in a `Response` without metadata. The stream type of a streaming
/// answer is declared by the macro, unless the `impl` declares it.
///
/// `requires(call, call: scope)` lists what the service needs of the key/value store; `scope` is
/// `process` (the default) or `cluster`. A provider that does not offer it is refused at start.
///
/// The server type is the trait's path with `Server` appended, and must be in scope in the same
/// way: `Greeter` and `GreeterServer`.
#[proc_macro_attribute]
pub fn carml_service(args: TokenStream, item: TokenStream) -> TokenStream {
    service::expand(args.into(), &item.into()).into()
}

/// Makes a struct a section of the config: `App::section` joins it to the schema, and
/// `Context::section` reads it.
///
/// ```text
/// #[derive(Deserialize, Serialize, JsonSchema, ConfigSection)]
/// #[serde(default)]
/// #[carml(section = "limits")]
/// struct Limits {
///     /// How many guests may sign in an hour.
///     per_hour: u32,
/// }
/// ```
///
/// Names, docs and defaults are what serde and schemars make of the struct: with
/// `#[serde(default)]` the config may leave keys out, and a default is shown if the struct is
/// `Serialize` too. Keys that it does not have are refused.
#[proc_macro_derive(ConfigSection, attributes(carml))]
pub fn config_section(item: TokenStream) -> TokenStream {
    section::expand(item.into()).into()
}
