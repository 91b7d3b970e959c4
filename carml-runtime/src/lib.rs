//! A framework for gRPC services: developers write handlers, operators configure them in YAML.
//!
//! A service consists of a proto file, a config schema and handlers. `carml-codegen` compiles the
//! proto file and the schema in `build.rs`. This crate runs the service: it reads and checks
//! `carml.yml`, builds the middleware chain in the order of the config, opens the stores, serves
//! the handlers with health and reflection, and drains on SIGTERM.
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
//! - [`App`]: add sections, middlewares and services to it, then run it. Factories get a
//!   [`Context`], and return an [`AppError`] if they fail.
//! - [`macro@carml_service`]: makes handlers a service. [`macro@ConfigSection`]: makes a struct a
//!   section of the config.
//! - [`client`]: clients of other services, with load balancing, retries and deadlines.
//! - [`config`]: config layers, and values with their origin. [`ConfigReload`] follows changes.
//! - [`diagnostic`]: the reports of config errors.
//! - [`discovery`]: registration and discovery of services.
//! - `download`: the download manager, with the feature of that name.
//! - [`grpc`]: the middleware chain and the server, for use without [`App`]. [`Shutdown`] ends
//!   streams in a drain.
//! - [`kv`]: the key/value store: transactions, watches, leases, locks, elections.
//! - [`remote`]: configs that are keys of a store.
//! - `store`: the object store, with the feature of that name.
//! - [`testing`]: starts a service in a test, as it is started in production.
//! - [`prost`], [`prost_types`] and [`tonic`]: the versions that generated code uses.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `auth` | no | the middleware `auth`: bearer tokens, JSON Web Tokens, client certificates |
//! | `compression` | no | the middleware `compression`, with gzip and zstd |
//! | `consul` | no | the Consul backend of the key/value store |
//! | `download` | no | the download manager of the section `download` |
//! | `elastic-search` | no | the log hook `elastic_search` |
//! | `etcd` | no | the etcd backend of the key/value store; its build needs `protoc` |
//! | `otlp` | no | export of spans by OTLP, OpenTelemetry's own protocol |
//! | `redb` | yes | the embedded key/value store |
//! | `reflection` | yes | gRPC server reflection v1 and v1alpha |
//! | `store` | no | the object store, with the providers `fs` and `memory` |
//! | `store-s3` | no | the provider `s3` of the object store |
//! | `syslog` | no | the log hook `syslog` |
//! | `tls` | yes | TLS of the server and of clients |
//! | `tracing` | yes | the middleware `tracing`, with OpenTelemetry |
//! | `zipkin` | no | export of spans to Zipkin |
//! | `zookeeper` | no | the ZooKeeper backend of the key/value store |
//! | `full` | no | all of them |

mod admin;
mod app;
pub mod client;
pub mod discovery;
#[cfg(feature = "download")]
pub mod download;
pub mod grpc;
pub mod kv;
mod measure;
mod probe;
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
/// /// The limits of each guest.
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
///     // With tonic's types.
///     async fn greet(
///         &self,
///         request: Request<HelloRequest>,
///     ) -> Result<Response<HelloReply>, Status> {
///         let text = format!("{}, {}!", self.greeting, request.get_ref().name);
///         Ok(Response::new(HelloReply { text }))
///     }
///
///     // With plain messages.
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
