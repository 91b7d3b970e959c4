//! A framework for gRPC services: developers write handlers, operators configure them in YAML.
//!
//! A service is a proto file, a config schema and handlers. `carml-codegen` compiles the first two
//! in `build.rs`; this crate runs the rest: it reads and checks `carml.yml`, builds the chain of
//! middlewares in the order that the config lists them, opens the key/value store, serves with
//! health and reflection, and drains on SIGTERM.
//!
//! ```no_run
//! # use carml_test_proto::proto;
//! # mod config { pub use carml_runtime::config::Config as AppConfig; }
//! // carml_runtime::include_generated!();   writes `proto` and `config`
//!
//! use carml_runtime::{App, carml_service, tonic::Status};
//! use config::AppConfig;
//! use proto::hello::v1::{Greeter, GreeterServer, HelloReply, HelloRequest};
//! # use carml_runtime::tonic::codegen::tokio_stream::{self, Stream};
//!
//! struct Hello;
//!
//! #[carml_service]
//! impl Greeter for Hello {
//!     async fn greet(&self, request: HelloRequest) -> Result<HelloReply, Status> {
//!         Ok(HelloReply { text: format!("Hello, {}!", request.name) })
//!     }
//! #   async fn follow(
//! #       &self,
//! #       _: HelloRequest,
//! #   ) -> Result<impl Stream<Item = Result<HelloReply, Status>> + Send + use<>, Status> {
//! #       Ok(tokio_stream::empty())
//! #   }
//! }
//!
//! #[tokio::main]
//! async fn main() -> std::process::ExitCode {
//!     App::<AppConfig>::from_args().service(|_| Ok(Hello)).run().await
//! }
//! ```
//!
//! and its `carml.yml`:
//!
//! ```yaml
//! grpc:
//!   server:
//!     listen: 0.0.0.0:50051
//!     middleware: [recover, tracing, logging, timeout: 5s]
//! ```
//!
//! # Where to look
//!
//! - [`App`]: sections, middlewares and services are added to it, then it runs. [`Context`] is
//!   what they are made from, [`AppError`] why that failed.
//! - [`macro@carml_service`] and [`macro@ConfigSection`]: handlers, and config sections of your
//!   own.
//! - [`client`]: clients of other services: where they are, balancing, retries, deadlines.
//! - [`config`]: layers, values with their places, [`ConfigReload`] for changes while running.
//! - [`diagnostic`]: the reports that errors of the config have, and sources with places.
//! - [`kv`]: one key/value store over several backends: transactions, watches, locks, elections.
//! - `store`: the object store, with the feature of that name: models, results and other files.
//! - [`discovery`]: registering services, and finding those of others.
//! - [`remote`]: configs that are keys of a store.
//! - [`grpc`]: the middleware chain, for use without [`App`]. [`Shutdown`] ends streams in a drain.
//! - [`testing`]: a service in a test, started as it is in production.
//! - [`prost`], [`prost_types`] and [`tonic`], in the versions that generated code fits.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `auth` | no | the middleware `auth`: bearer tokens, JSON Web Tokens, client certificates |
//! | `compression` | no | the middleware `compression`, with gzip and zstd |
//! | `elastic-search` | no | the log hook `elastic_search` |
//! | `download` | no | the [download manager](mod@download) of the section `download` |
//! | `etcd` | no | the etcd backend of the key/value store; its build needs `protoc` |
//! | `redb` | yes | the embedded key/value store |
//! | `reflection` | yes | gRPC server reflection v1 and v1alpha |
//! | `syslog` | no | the log hook `syslog` |
//! | `store` | no | the object store, with the providers `fs` and `memory` |
//! | `store-s3` | no | the provider `s3` of the object store |
//! | `tracing` | yes | the middleware `tracing`, with OpenTelemetry |
//! | `zookeeper` | no | the ZooKeeper backend of the key/value store |
//! | `zipkin` | no | export of spans to Zipkin |
//! | `full` | no | all of them |

mod admin;
mod app;
pub mod client;
pub mod discovery;
#[cfg(feature = "download")]
pub mod download;
pub mod grpc;
pub mod kv;
pub mod remote;
#[cfg(feature = "store")]
pub mod store;

#[doc(hidden)]
pub mod __private;
mod include;
mod service;
pub mod testing;

pub use app::{App, AppError, ConfigReload, Context};
pub use carml_config as config;
pub use carml_diagnostic as diagnostic;
pub use carml_grpc::{CallContext, Shutdown, ShutdownTrigger};
/// # Example
///
/// ```
/// use std::time::Duration;
///
/// use carml_runtime::{App, ConfigSection, config};
/// use schemars::JsonSchema;
/// use serde::{Deserialize, Serialize};
///
/// /// Who may do how much.
/// #[derive(Deserialize, Serialize, JsonSchema, ConfigSection)]
/// #[serde(default)]
/// #[carml(section = "limits")]
/// struct Limits {
///     /// How many guests may sign in an hour.
///     #[schemars(range(min = 1))]
///     per_hour: u32,
///     /// How long a guest waits.
///     pause: config::Duration,
/// }
///
/// impl Default for Limits {
///     fn default() -> Self {
///         Self { per_hour: 10, pause: Duration::from_secs(1).into() }
///     }
/// }
///
/// // limits: { per_hour: 100, pause: 250ms }
/// let app = App::<config::Config>::new().section::<Limits>();
/// // and in a factory: let limits: Limits = context.section()?;
/// ```
pub use carml_macros::ConfigSection;
/// # Example
///
/// ```
/// # use carml_test_proto::proto;
/// use carml_runtime::{
///     carml_service,
///     tonic::{
///         Request, Response, Status,
///         codegen::tokio_stream::{self, Stream},
///     },
/// };
/// use proto::hello::v1::{Greeter, GreeterServer, HelloReply, HelloRequest};
///
/// struct Hello {
///     greeting: String,
/// }
///
/// #[carml_service(requires(get, lock: cluster))]
/// impl Greeter for Hello {
///     // As tonic has it.
///     async fn greet(
///         &self,
///         request: Request<HelloRequest>,
///     ) -> Result<Response<HelloReply>, Status> {
///         let text = format!("{}, {}!", self.greeting, request.get_ref().name);
///         Ok(Response::new(HelloReply { text }))
///     }
///
///     // Plain.
///     async fn follow(
///         &self,
///         request: HelloRequest,
///     ) -> Result<impl Stream<Item = Result<HelloReply, Status>> + Send + use<>, Status> {
///         let greeting = self.greeting.clone();
///         let names = [request.name.clone(), request.name];
///         Ok(tokio_stream::iter(names.map(move |name| {
///             Ok(HelloReply { text: format!("{greeting}, {name}!") })
///         })))
///     }
/// }
/// ```
pub use carml_macros::carml_service;
pub use service::{GeneratedServer, Service};
// What generated code names, in the versions that it fits.
pub use {prost, prost_types, tonic};
