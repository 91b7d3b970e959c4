//! The attribute that stitches a handler into the CarML runtime.
//!
//! Use it through `carml_runtime`, which re-exports it: the expansion names
//! `::carml_runtime::__private` alone.

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
