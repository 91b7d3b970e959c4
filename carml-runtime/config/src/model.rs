//! The base config: @generated from `schema/base.json`, do not edit.
//!
//! `UPDATE=1 cargo test -p carml-codegen --test base_config` writes this file.
#![allow(missing_docs)] // variants are named as they are written

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::support::{WithoutCredentials, present, present_int, integer, with_options};

/// Every section that CarML itself reads. Other keys are allowed: extend it with `allOf` and your own properties, and forbid all others with `unevaluatedProperties: false`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Config {
    /// Settings of the whole process.
    pub app: AppSection,
    /// The gRPC server and the clients that the service makes.
    pub grpc: Grpc,
    /// The key/value store, and the registration of services in it.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub registry: Option<Registry>,
    /// Health of this service and of what it needs. `grpc.health.v1` is always served: the whole server is the empty name, and `carml.endpoints` is SERVING while all `endpoints` are up.
    pub health: Health,
    /// The admin port: HTTP/1.1 for operators, with `/healthz`, `/readyz`, `/metrics`, `/config`, `/chain` and a status page at `/`. Anyone who can connect to it can read them; only secrets are hidden.
    pub admin: Admin,
    /// Where events go, in addition to standard output.
    pub logger: Logger,
    /// Where finished spans go.
    pub tracer: Tracer,
    /// The object store: where models, results and other files are kept.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub store: Option<Store>,
    /// The download manager: files that are fetched by URL once, checked, and kept in a cache.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub download: Option<Download>,
    /// Other keys. Their values may be secret.
    #[serde(flatten)]
    pub extra: super::Secret<BTreeMap<String, Value>>,
}

/// Settings of the whole process.
#[derive(Clone, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct AppSection {
    /// The name of the service in logs, traces and the registry. If absent, it is the name of the binary.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The service's version, as logs, traces and the admin page show it. Not shown if absent. For example `"1.4.2"`.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Enables checks and output that help in development. Not used in this version. Defaults to `false`.
    pub debug: bool,
    /// Logs at level `debug` instead of `info`. `RUST_LOG` has priority over it. Defaults to `false`.
    pub verbose: bool,
    /// Whether terminal output is coloured. Defaults to `"auto"`.
    pub color: Color,
    /// The folder for temporary files. If absent, it is that of the system. In this version it is used only for the cache of downloads of a user without a cache folder.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub tempdir: Option<String>,
}

impl Default for AppSection {
    fn default() -> Self {
        Self {
            name: None,
            version: None,
            debug: false,
            verbose: false,
            color: Color::Auto,
            tempdir: None,
        }
    }
}

impl std::fmt::Debug for AppSection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AppSection")
            .field("name", &WithoutCredentials(&self.name))
            .field("version", &WithoutCredentials(&self.version))
            .field("debug", &self.debug)
            .field("verbose", &self.verbose)
            .field("color", &self.color)
            .field("tempdir", &WithoutCredentials(&self.tempdir))
            .finish()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Color {
    Auto,
    Always,
    Never,
}

/// The gRPC server and the clients that the service makes.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Grpc {
    /// The gRPC server: where it listens, its limits, and its middlewares.
    pub server: GrpcServer,
    /// The clients of other services: where those services are, and the middlewares of the calls to them.
    pub client: GrpcClient,
}

/// The gRPC server: where it listens, its limits, and its middlewares.
#[derive(Clone, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct GrpcServer {
    /// The address to bind. The socket of `unix:///path` is removed when the server ends, and replaced at start if no process listens on it. Defaults to `"127.0.0.1:50051"`.
    pub listen: String,
    /// The address that is registered for other services. If absent, it is the bound address; port `0` stands for the bound port. Required if the server listens on a Unix domain socket.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub advertise: Option<String>,
    /// TLS 1.2 and 1.3. Clients must negotiate HTTP/2 with ALPN. Without this section, connections are not encrypted. It needs a certificate and its key, each as a file or as text. The files are read again every 10 seconds, and new connections use the new ones. If they are invalid or do not belong together, an error is logged, and the previous ones stay in use.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub tls: Option<ServerTls>,
    /// Serves gRPC server reflection, v1 and v1alpha. Defaults to `true`.
    pub reflection: bool,
    /// The middlewares of every call, outermost first. Without `max_message_size`, received messages are limited to 4 MiB, the default of gRPC.
    pub middleware: Vec<ServerMiddleware>,
    /// How long a connection may take until it is ready for calls, including TLS and the HTTP/2 preface. Then it is closed. Defaults to `"10s"`.
    pub handshake_timeout: super::Duration,
    /// How the server detects clients that disappeared without closing their connection, so that their streams end and their locks are released.
    pub keepalive: Keepalive,
    /// How many connections may be open at the same time. Further connections are accepted and closed at once, so that their clients use another server. Defaults to `10000`.
    #[serde(deserialize_with = "integer")]
    pub max_connections: u64,
    /// The age, plus or minus 10 %, at which the server sends GOAWAY on a connection. The client then opens a new one, perhaps to another server. Not limited if absent.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub max_connection_age: Option<super::Duration>,
    /// How long calls may continue after GOAWAY because of `max_connection_age`. Then the connection is closed. Defaults to `"30s"`.
    pub max_connection_age_grace: super::Duration,
    /// How long a connection may have no calls before the server sends GOAWAY and closes it. Not limited if absent.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub max_connection_idle: Option<super::Duration>,
    /// How many calls may be in progress on one connection. For further calls, a client waits or opens another connection. Defaults to `1000`.
    #[serde(deserialize_with = "integer")]
    pub max_concurrent_streams: u64,
    /// The largest size of all header names and values of a request, from 1 KiB to 16 MiB. Larger requests get HTTP 431. Defaults to `"16kib"`.
    pub max_header_list_size: super::ByteSize,
    /// How many streams of a connection the server may reset in total because of errors of the client. Then the connection is closed. Defaults to `100000`.
    #[serde(deserialize_with = "integer")]
    pub max_local_error_resets: u64,
    /// The flow-control windows of HTTP/2: how much a client may send before the service has read it, from 64 KiB to 2 GiB.
    pub window: Window,
    /// The memory that the requests of all connections may take together, at least 1 MiB. A call takes 8 KiB, and the bytes received of each message until the handler has read it and asks for the next one, or the call ends. A call that would exceed the budget ends with RESOURCE_EXHAUSTED. The last quarter of the budget is reserved for calls that take up to 64 KiB, so that a few large calls do not block all others. In addition, each connection has 32 KiB of its own, so that small calls are served even if other clients use up the budget. Defaults to `"1gib"`.
    pub message_budget: super::ByteSize,
    /// The drain on SIGTERM or SIGINT.
    pub shutdown: ShutdownSettings,
}

impl Default for GrpcServer {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:50051".to_owned(),
            advertise: None,
            tls: None,
            reflection: true,
            middleware: vec![
                ServerMiddleware::Recover, ServerMiddleware::Tracing(Tracing::default()),
                ServerMiddleware::Logging(Logging::default())
            ],
            handshake_timeout: "10s"
                .parse::<super::Duration>()
                .expect("the schema's default"),
            keepalive: Keepalive::default(),
            max_connections: 10000,
            max_connection_age: None,
            max_connection_age_grace: "30s"
                .parse::<super::Duration>()
                .expect("the schema's default"),
            max_connection_idle: None,
            max_concurrent_streams: 1000,
            max_header_list_size: "16kib"
                .parse::<super::ByteSize>()
                .expect("the schema's default"),
            max_local_error_resets: 100000,
            window: Window::default(),
            message_budget: "1gib"
                .parse::<super::ByteSize>()
                .expect("the schema's default"),
            shutdown: ShutdownSettings::default(),
        }
    }
}

impl std::fmt::Debug for GrpcServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GrpcServer")
            .field("listen", &WithoutCredentials(&self.listen))
            .field("advertise", &WithoutCredentials(&self.advertise))
            .field("tls", &self.tls)
            .field("reflection", &self.reflection)
            .field("middleware", &self.middleware)
            .field("handshake_timeout", &self.handshake_timeout)
            .field("keepalive", &self.keepalive)
            .field("max_connections", &self.max_connections)
            .field("max_connection_age", &self.max_connection_age)
            .field("max_connection_age_grace", &self.max_connection_age_grace)
            .field("max_connection_idle", &self.max_connection_idle)
            .field("max_concurrent_streams", &self.max_concurrent_streams)
            .field("max_header_list_size", &self.max_header_list_size)
            .field("max_local_error_resets", &self.max_local_error_resets)
            .field("window", &self.window)
            .field("message_budget", &self.message_budget)
            .field("shutdown", &self.shutdown)
            .finish()
    }
}

/// TLS 1.2 and 1.3. Clients must negotiate HTTP/2 with ALPN. Without this section, connections are not encrypted. It needs a certificate and its key, each as a file or as text. The files are read again every 10 seconds, and new connections use the new ones. If they are invalid or do not belong together, an error is logged, and the previous ones stay in use.
#[derive(Clone, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerTls {
    /// The PEM file of the server's certificate, followed by the intermediate certificates. For example `"/etc/tls/tls.crt"`.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub cert_file: Option<String>,
    /// The same as text, instead of `cert_file`.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub cert: Option<super::Pem>,
    /// The PEM file of the private key, which is not encrypted. For example `"/etc/tls/tls.key"`.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub key_file: Option<String>,
    /// The private key as text, instead of `key_file`.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub key: Option<super::Pem>,
    /// The PEM file of the CA certificates that client certificates must chain to. For example `"/etc/tls/ca.crt"`.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub client_ca_file: Option<String>,
    /// The same as text, instead of `client_ca_file`.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub client_ca: Option<super::Pem>,
    /// Whether clients must have a certificate (mTLS). `required`: each client must have a valid one. `optional`: a certificate must be valid if the client has one. `off`: the server does not request one. Defaults to `"off"`.
    pub client_auth: ClientAuth,
}

impl Default for ServerTls {
    fn default() -> Self {
        Self {
            cert_file: None,
            cert: None,
            key_file: None,
            key: None,
            client_ca_file: None,
            client_ca: None,
            client_auth: ClientAuth::Off,
        }
    }
}

impl std::fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerTls")
            .field("cert_file", &WithoutCredentials(&self.cert_file))
            .field("cert", &self.cert)
            .field("key_file", &WithoutCredentials(&self.key_file))
            .field("key", &self.key)
            .field("client_ca_file", &WithoutCredentials(&self.client_ca_file))
            .field("client_ca", &self.client_ca)
            .field("client_auth", &self.client_auth)
            .finish()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ClientAuth {
    Off,
    Optional,
    Required,
}

/// One middleware of the server chain.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ServerMiddleware {
    /// If a handler or an inner middleware panics, also in the middle of a stream, the call ends with INTERNAL and a generic message. The log has the message of the panic, its place and (with `RUST_BACKTRACE=1`) the stack. Without this middleware, the client gets a reset stream.
    Recover,
    /// Logs one line at the end of each call (target `carml::rpc`), with method, status, duration in seconds and peer under OpenTelemetry's names, and with the trace ids if the chain has `tracing`. A call whose client disconnects is logged as CANCELLED. The level is ERROR for errors of the server, otherwise INFO. Calls that this service makes have the target `carml::rpc::client`.
    Logging(Logging),
    /// Creates one span per call, which begins when the call arrives. The position in the list decides which middlewares run inside the span. On the server, the span continues the caller's trace: `traceparent` (W3C), then `b3`, then `x-b3-*`. On the client, it continues the trace of the call that is being handled, and sends `traceparent`.
    Tracing(Tracing),
    /// Counts calls and measures their durations, for `/metrics` and the status page of the admin port: `rpc_server_call_duration_seconds` by method and status, and `grpc_server_call_started_total`; on the client, `rpc_client_call_duration_seconds`, also by target. A method that no service has is counted as `_OTHER`. Put it first in the list, so that it measures the whole time that a caller waits.
    Metrics(Metrics),
    /// A call that takes longer, including a stream, ends with DEADLINE_EXCEEDED. If the caller's deadline (`grpc-timeout`) is earlier, that one applies. On the client, the deadline is sent to the server.
    Timeout(Timeout),
    /// A message over this size, received or sent, ends the call with RESOURCE_EXHAUSTED. If the list does not have this middleware, received messages are limited to 4 MiB, gRPC's default, and sent messages are not limited.
    MaxMessageSize(MaxMessageSize),
    /// If `max` calls are in progress, further calls end with RESOURCE_EXHAUSTED, and `grpc-retry-pushback-ms` asks the client to wait one second before it retries. Calls never wait in a queue. A stream counts until it ends.
    ConcurrencyLimit(ConcurrencyLimit),
    /// Calls above `rate` end with RESOURCE_EXHAUSTED, and `grpc-retry-pushback-ms` tells the client when the next call is allowed. Calls never wait in a queue.
    RateLimit(RateLimit),
    /// While the CPU usage is above `cpu`, the number of calls in progress is limited to the number that the service can work on at once: its best throughput times its lowest latency. Further calls end with RESOURCE_EXHAUSTED, and `grpc-retry-pushback-ms` asks the client to wait one second before it retries. Calls of the health service are never refused.
    LoadShed(LoadShed),
    /// Accepts compressed requests, and compresses responses for clients that accept it; on the client, compresses requests, and accepts compressed responses. If a message would exceed `max_message_size` when it is decompressed, decompression stops at the limit, and the call ends with RESOURCE_EXHAUSTED. If a message cannot be decompressed, the call ends with INTERNAL. If the encoding of a request is not accepted, the call ends with UNIMPLEMENTED; if that of a response is not, with INTERNAL.
    Compression(Compression),
    /// Requires one of the configured credentials: a secret, a JSON Web Token, or a client certificate. Calls with missing or wrong credentials end with UNAUTHENTICATED, and calls of callers who are not allowed with PERMISSION_DENIED. While there are no keys to verify tokens, calls with a token end with UNAVAILABLE. A wrong bearer token is an error even if the client has a certificate. Handlers find the `Identity` in the extensions of the request. The health service needs no credentials.
    Auth(Auth),
}

impl<'de> Deserialize<'de> for ServerMiddleware {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(remote = "ServerMiddleware", rename_all = "snake_case")]
        enum Variants__ {
            Recover,
            Logging(Logging),
            Tracing(Tracing),
            Metrics(Metrics),
            Timeout(Timeout),
            MaxMessageSize(MaxMessageSize),
            ConcurrencyLimit(ConcurrencyLimit),
            RateLimit(RateLimit),
            LoadShed(LoadShed),
            Compression(Compression),
            Auth(Auth),
        }
        let value = with_options(
            d,
            &["logging", "tracing", "metrics", "load_shed", "compression"],
        )?;
        Variants__::deserialize(value).map_err(serde::de::Error::custom)
    }
}

/// What is logged of calls.
#[derive(Clone, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Logging {
    /// Services and methods whose calls are not logged: `package.Service` or `package.Service/Method`. They must be served. Defaults to `["grpc.health.v1.Health"]`.
    pub exclude: Vec<String>,
    /// The names of request metadata to log, as `rpc.request.metadata.<name>`. Everybody who reads the log can see the values, so metadata that holds credentials, such as `authorization`, is refused. For example `["x-request-id"]`.
    pub metadata: Vec<String>,
}

impl Default for Logging {
    fn default() -> Self {
        Self {
            exclude: vec!["grpc.health.v1.Health".to_owned()],
            metadata: Vec::new(),
        }
    }
}

impl std::fmt::Debug for Logging {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Logging")
            .field("exclude", &WithoutCredentials(&self.exclude))
            .field("metadata", &WithoutCredentials(&self.metadata))
            .finish()
    }
}

/// Which calls have spans.
#[derive(Clone, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tracing {
    /// Services and methods whose calls have no span: `package.Service` or `package.Service/Method`. They must be served. Defaults to `["grpc.health.v1.Health"]`.
    pub exclude: Vec<String>,
}

impl Default for Tracing {
    fn default() -> Self {
        Self {
            exclude: vec!["grpc.health.v1.Health".to_owned()],
        }
    }
}

impl std::fmt::Debug for Tracing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tracing")
            .field("exclude", &WithoutCredentials(&self.exclude))
            .finish()
    }
}

/// Which calls are counted.
#[derive(Clone, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    /// Services and methods whose calls are not counted: `package.Service` or `package.Service/Method`. They must be served. Defaults to `["grpc.health.v1.Health"]`.
    pub exclude: Vec<String>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            exclude: vec!["grpc.health.v1.Health".to_owned()],
        }
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Metrics")
            .field("exclude", &WithoutCredentials(&self.exclude))
            .finish()
    }
}

/// How long a call may take, from its arrival to its last message.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum Timeout {
    /// Timeouts by method.
    Timeouts(Timeouts),
    Duration(super::Duration),
}

/// Timeouts by method.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Timeouts {
    /// The timeout of methods that `methods` does not name. If absent, they have none.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub default: Option<super::Duration>,
    /// The timeouts of single methods. The most specific name wins.
    pub methods: Vec<TimeoutMethods>,
}

/// The timeout of some methods.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TimeoutMethods {
    /// The methods. They must be served.
    pub name: Vec<MethodName>,
    /// How long a call of these methods may take.
    pub timeout: super::Duration,
}

/// A method, all methods of a service, or, without keys, all methods.
#[derive(Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct MethodName {
    /// The full name of the service. For example `"billing.v1.Billing"`.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The method. All methods of the service if absent. For example `"Get"`.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
}

impl std::fmt::Debug for MethodName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MethodName")
            .field("service", &WithoutCredentials(&self.service))
            .field("method", &WithoutCredentials(&self.method))
            .finish()
    }
}

/// The largest message, in encoded bytes, without the 5-byte gRPC prefix: one size for both directions, or one for each.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum MaxMessageSize {
    /// The largest messages, by direction and method.
    MessageSizes(MessageSizes),
    ByteSize(super::ByteSize),
}

/// The largest messages, by direction and method.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct MessageSizes {
    /// The largest message that is received. Defaults to `"4mib"`.
    pub receive: super::ByteSize,
    /// The largest message that is sent. Not limited if absent.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub send: Option<super::ByteSize>,
    /// Limits of single methods. The most specific name wins.
    pub methods: Vec<MessageSizeMethods>,
}

impl Default for MessageSizes {
    fn default() -> Self {
        Self {
            receive: "4mib".parse::<super::ByteSize>().expect("the schema's default"),
            send: None,
            methods: Vec::new(),
        }
    }
}

/// The largest messages of some methods.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct MessageSizeMethods {
    /// The methods. On the server, they must be served.
    pub name: Vec<MethodName>,
    /// The largest message that is received. If absent, the limit for all methods applies.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub receive: Option<super::ByteSize>,
    /// The largest message that is sent. If absent, the limit for all methods applies.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub send: Option<super::ByteSize>,
}

/// How many calls may be in progress at the same time.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ConcurrencyLimit {
    /// The number of calls in progress, of all connections together. For example `100`.
    #[serde(deserialize_with = "integer")]
    pub max: u64,
    /// Limits of single methods. The calls of the methods of one entry are counted together, and for no other limit. The most specific name wins.
    #[serde(default = "ConcurrencyLimit::default_methods")]
    pub methods: Vec<ConcurrencyLimitMethods>,
}

impl ConcurrencyLimit {
    fn default_methods() -> Vec<ConcurrencyLimitMethods> {
        Vec::new()
    }
}

/// The limit of some methods.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ConcurrencyLimitMethods {
    /// The methods. They must be served.
    pub name: Vec<MethodName>,
    /// The number of calls in progress.
    #[serde(deserialize_with = "integer")]
    pub max: u64,
}

/// How many calls are accepted in a period of time.
#[derive(Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// A number of calls per second, minute or hour: `100/s`, `6000/m`, `10/h`. For example `"100/s"`.
    pub rate: String,
    /// How many calls may arrive at once. If absent, the number in `rate`.
    #[serde(default, deserialize_with = "present_int", skip_serializing_if = "Option::is_none")]
    pub burst: Option<u64>,
    /// Which calls are counted together: `all`; those of each `peer` (an IPv4 address or an IPv6 /64 network); or those of each `identity` that `auth` has found. For `identity`, `auth` must come before this in the list, and calls that need no credentials are counted for their peer. At most 100,000 peers and identities are tracked; beyond that, the counts of those not seen for the longest time are reset. Defaults to `"all"`.
    #[serde(default = "RateLimit::default_key")]
    pub key: RateLimitKey,
    /// Rates of single methods. The calls of the methods of one entry are counted together, and for no other rate. The most specific name wins.
    #[serde(default = "RateLimit::default_methods")]
    pub methods: Vec<RateLimitMethods>,
}

impl RateLimit {
    fn default_key() -> RateLimitKey {
        RateLimitKey::All
    }
    fn default_methods() -> Vec<RateLimitMethods> {
        Vec::new()
    }
}

impl std::fmt::Debug for RateLimit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RateLimit")
            .field("rate", &WithoutCredentials(&self.rate))
            .field("burst", &self.burst)
            .field("key", &self.key)
            .field("methods", &self.methods)
            .finish()
    }
}

/// Which calls are counted together: `all`; those of each `peer` (an IPv4 address or an IPv6 /64 network); or those of each `identity` that `auth` has found. For `identity`, `auth` must come before this in the list, and calls that need no credentials are counted for their peer. At most 100,000 peers and identities are tracked; beyond that, the counts of those not seen for the longest time are reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RateLimitKey {
    All,
    Peer,
    Identity,
}

/// The rate of some methods.
#[derive(Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimitMethods {
    /// The methods. They must be served.
    pub name: Vec<MethodName>,
    /// A number of calls per second, minute or hour.
    pub rate: String,
    /// How many calls may arrive at once. If absent, the number in `rate`.
    #[serde(default, deserialize_with = "present_int", skip_serializing_if = "Option::is_none")]
    pub burst: Option<u64>,
}

impl std::fmt::Debug for RateLimitMethods {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RateLimitMethods")
            .field("name", &self.name)
            .field("rate", &WithoutCredentials(&self.rate))
            .field("burst", &self.burst)
            .finish()
    }
}

/// When calls are refused.
#[derive(Clone, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct LoadShed {
    /// The CPU usage above which calls may be refused, relative to the quota of the cgroup, averaged over about one second. Defaults to `"90%"`.
    pub cpu: String,
    /// The period over which throughput and latency are measured. Defaults to `"5s"`.
    pub window: super::Duration,
}

impl Default for LoadShed {
    fn default() -> Self {
        Self {
            cpu: "90%".to_owned(),
            window: "5s".parse::<super::Duration>().expect("the schema's default"),
        }
    }
}

impl std::fmt::Debug for LoadShed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoadShed")
            .field("cpu", &WithoutCredentials(&self.cpu))
            .field("window", &self.window)
            .finish()
    }
}

/// Which encodings are used, and for what.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Compression {
    /// How responses are compressed. If absent, or if the client does not accept it, they are not compressed. On the client: how requests are compressed; the servers must accept it.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub send: Option<MessageEncoding>,
    /// The encodings that requests may have; on the client, those of responses. Defaults to `["gzip","zstd"]`.
    pub accept: Vec<MessageEncoding>,
    /// Smaller messages are sent uncompressed. Defaults to `"1kb"`.
    pub min_size: super::ByteSize,
}

impl Default for Compression {
    fn default() -> Self {
        Self {
            send: None,
            accept: vec![MessageEncoding::Gzip, MessageEncoding::Zstd],
            min_size: "1kb".parse::<super::ByteSize>().expect("the schema's default"),
        }
    }
}

/// An encoding of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageEncoding {
    Gzip,
    Zstd,
}

/// Who may call.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Auth {
    /// Secrets that are accepted as `authorization: Bearer`.
    pub bearer: Vec<super::Secret>,
    /// JSON Web Tokens of one issuer, as `authorization: Bearer`. They must have an expiry time (`exp`).
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub jwt: Option<AuthJwt>,
    /// Client certificates that an authority of `grpc.server.tls` has signed.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub mtls: Option<AuthMtls>,
    /// Rules for single methods. The most specific name wins.
    pub methods: Vec<AuthMethods>,
}

/// JSON Web Tokens of one issuer, as `authorization: Bearer`. They must have an expiry time (`exp`).
#[derive(Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AuthJwt {
    /// The `iss` of the tokens.
    pub issuer: String,
    /// The `aud` that the tokens must have for this service.
    pub audience: String,
    /// The JSON Web Key Set of the issuer: a file, which is read again every 10 seconds, or an `https` URL, which is read in the background every 5 minutes and, for an unknown key, at most every 10 seconds. For example `"https://issuer.example.org/.well-known/jwks.json"`.
    pub jwks: String,
    /// The signature algorithms that are accepted. Defaults to `["RS256","ES256","EdDSA"]`.
    #[serde(default = "AuthJwt::default_algorithms")]
    pub algorithms: Vec<JwtAlgorithm>,
    /// How far the clocks of the issuer and of this machine may differ. Defaults to `"60s"`.
    #[serde(default = "AuthJwt::default_leeway")]
    pub leeway: super::Duration,
}

impl AuthJwt {
    fn default_algorithms() -> Vec<JwtAlgorithm> {
        vec![JwtAlgorithm::Rs256, JwtAlgorithm::Es256, JwtAlgorithm::EdDsa]
    }
    fn default_leeway() -> super::Duration {
        "60s".parse::<super::Duration>().expect("the schema's default")
    }
}

impl std::fmt::Debug for AuthJwt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuthJwt")
            .field("issuer", &WithoutCredentials(&self.issuer))
            .field("audience", &WithoutCredentials(&self.audience))
            .field("jwks", &WithoutCredentials(&self.jwks))
            .field("algorithms", &self.algorithms)
            .field("leeway", &self.leeway)
            .finish()
    }
}

/// A signature algorithm of RFC 7518 or RFC 8037.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum JwtAlgorithm {
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
    Es256,
    Es384,
    #[serde(rename = "EdDSA")]
    EdDsa,
}

/// Client certificates that an authority of `grpc.server.tls` has signed.
#[derive(Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AuthMtls {
    /// The allowed names: URIs, such as SPIFFE ids, and DNS names. A certificate must have one of them. For example `["spiffe://example.org/billing"]`.
    pub allow: Vec<String>,
}

impl std::fmt::Debug for AuthMtls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuthMtls")
            .field("allow", &WithoutCredentials(&self.allow))
            .finish()
    }
}

/// The rule for some methods.
#[derive(Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AuthMethods {
    /// The methods. They must be served.
    pub name: Vec<MethodName>,
    /// Which credentials are required: `any` of those that `auth` lists, one kind, or `none` for a method that anyone may call. Defaults to `"any"`.
    #[serde(default = "AuthMethods::default_require")]
    pub require: AuthRequire,
    /// The allowed callers: the `sub` of tokens, and names in certificates. If empty, all callers with valid credentials are allowed.
    #[serde(default = "AuthMethods::default_allow")]
    pub allow: Vec<String>,
}

impl AuthMethods {
    fn default_require() -> AuthRequire {
        AuthRequire::Any
    }
    fn default_allow() -> Vec<String> {
        Vec::new()
    }
}

impl std::fmt::Debug for AuthMethods {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuthMethods")
            .field("name", &self.name)
            .field("require", &self.require)
            .field("allow", &WithoutCredentials(&self.allow))
            .finish()
    }
}

/// Which credentials are required: `any` of those that `auth` lists, one kind, or `none` for a method that anyone may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AuthRequire {
    Any,
    Bearer,
    Jwt,
    Mtls,
    None,
}

/// How the server detects clients that disappeared without closing their connection, so that their streams end and their locks are released.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Keepalive {
    /// How often a connection is checked with an HTTP/2 PING. With `0s`, it is never checked. Defaults to `"20s"`.
    pub interval: super::Duration,
    /// How long the response to a PING may take before the connection is closed. Defaults to `"10s"`.
    pub timeout: super::Duration,
}

impl Default for Keepalive {
    fn default() -> Self {
        Self {
            interval: "20s".parse::<super::Duration>().expect("the schema's default"),
            timeout: "10s".parse::<super::Duration>().expect("the schema's default"),
        }
    }
}

/// The flow-control windows of HTTP/2: how much a client may send before the service has read it, from 64 KiB to 2 GiB.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Window {
    /// For all calls of one connection together. Defaults to `"16mib"`.
    pub connection: super::ByteSize,
    /// In one call. Defaults to `"1mib"`.
    pub stream: super::ByteSize,
}

impl Default for Window {
    fn default() -> Self {
        Self {
            connection: "16mib"
                .parse::<super::ByteSize>()
                .expect("the schema's default"),
            stream: "1mib".parse::<super::ByteSize>().expect("the schema's default"),
        }
    }
}

/// The drain on SIGTERM or SIGINT.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ShutdownSettings {
    /// How long calls are still accepted after health reports NOT_SERVING, so that clients notice it. Defaults to `"0s"`.
    pub settle: super::Duration,
    /// How long calls in progress may take before they are cut off. Defaults to `"10s"`.
    pub deadline: super::Duration,
}

impl Default for ShutdownSettings {
    fn default() -> Self {
        Self {
            settle: "0s".parse::<super::Duration>().expect("the schema's default"),
            deadline: "10s".parse::<super::Duration>().expect("the schema's default"),
        }
    }
}

/// The clients of other services: where those services are, and the middlewares of the calls to them.
#[derive(Clone, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct GrpcClient {
    /// The middlewares of every call that this service makes, outermost first. Without `max_message_size`, received messages are limited to 4 MiB, the default of gRPC.
    pub middleware: Vec<ClientMiddleware>,
    /// The services that this service calls. The key is the name that the code uses, usually the full name of the service, such as `billing.v1.Billing`. A service without a target is found in the section `registry`, with the default settings.
    pub targets: BTreeMap<String, ClientTarget>,
}

impl Default for GrpcClient {
    fn default() -> Self {
        Self {
            middleware: vec![
                ClientMiddleware::Recover, ClientMiddleware::Tracing(Tracing::default()),
                ClientMiddleware::Logging(Logging::default())
            ],
            targets: BTreeMap::new(),
        }
    }
}

impl std::fmt::Debug for GrpcClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GrpcClient")
            .field("middleware", &self.middleware)
            .field("targets", &WithoutCredentials(&self.targets))
            .finish()
    }
}

/// One middleware of the client chain.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientMiddleware {
    /// If a handler or an inner middleware panics, also in the middle of a stream, the call ends with INTERNAL and a generic message. The log has the message of the panic, its place and (with `RUST_BACKTRACE=1`) the stack. Without this middleware, the client gets a reset stream.
    Recover,
    /// Logs one line at the end of each call (target `carml::rpc`), with method, status, duration in seconds and peer under OpenTelemetry's names, and with the trace ids if the chain has `tracing`. A call whose client disconnects is logged as CANCELLED. The level is ERROR for errors of the server, otherwise INFO. Calls that this service makes have the target `carml::rpc::client`.
    Logging(Logging),
    /// Creates one span per call, which begins when the call arrives. The position in the list decides which middlewares run inside the span. On the server, the span continues the caller's trace: `traceparent` (W3C), then `b3`, then `x-b3-*`. On the client, it continues the trace of the call that is being handled, and sends `traceparent`.
    Tracing(Tracing),
    /// Counts calls and measures their durations, for `/metrics` and the status page of the admin port: `rpc_server_call_duration_seconds` by method and status, and `grpc_server_call_started_total`; on the client, `rpc_client_call_duration_seconds`, also by target. A method that no service has is counted as `_OTHER`. Put it first in the list, so that it measures the whole time that a caller waits.
    Metrics(Metrics),
    /// A call that takes longer, including a stream, ends with DEADLINE_EXCEEDED. If the caller's deadline (`grpc-timeout`) is earlier, that one applies. On the client, the deadline is sent to the server.
    Timeout(Timeout),
    /// A message over this size, received or sent, ends the call with RESOURCE_EXHAUSTED. If the list does not have this middleware, received messages are limited to 4 MiB, gRPC's default, and sent messages are not limited.
    MaxMessageSize(MaxMessageSize),
    /// Accepts compressed requests, and compresses responses for clients that accept it; on the client, compresses requests, and accepts compressed responses. If a message would exceed `max_message_size` when it is decompressed, decompression stops at the limit, and the call ends with RESOURCE_EXHAUSTED. If a message cannot be decompressed, the call ends with INTERNAL. If the encoding of a request is not accepted, the call ends with UNIMPLEMENTED; if that of a response is not, with INTERNAL.
    Compression(Compression),
    /// Sends a secret with each call, as `authorization: Bearer`. It is sent only over TLS, over a Unix domain socket, or to this machine: a target without TLS that may be on another machine is an error.
    Auth(ClientCredentials),
    /// Ends calls with UNAVAILABLE, without a connection, while most calls of their method to the target fail: with the probability (calls − `k` × accepted) / (calls + 1). The codes UNAVAILABLE, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, INTERNAL, UNKNOWN and DATA_LOSS are failures; all other codes are responses of a working server.
    CircuitBreaker(CircuitBreaker),
    /// Marks the position in the chain where a call is split into attempts: middlewares outside of it see one call, and middlewares inside of it see each attempt, including those of hedging. If absent, it is at the end of the list. `method_config` configures when there are further attempts.
    Retry,
}

impl<'de> Deserialize<'de> for ClientMiddleware {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(remote = "ClientMiddleware", rename_all = "snake_case")]
        enum Variants__ {
            Recover,
            Logging(Logging),
            Tracing(Tracing),
            Metrics(Metrics),
            Timeout(Timeout),
            MaxMessageSize(MaxMessageSize),
            Compression(Compression),
            Auth(ClientCredentials),
            CircuitBreaker(CircuitBreaker),
            Retry,
        }
        let value = with_options(
            d,
            &["logging", "tracing", "metrics", "compression", "circuit_breaker"],
        )?;
        Variants__::deserialize(value).map_err(serde::de::Error::custom)
    }
}

/// The secret to send: one of the two.
#[derive(Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClientCredentials {
    /// The secret.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub bearer: Option<super::Secret>,
    /// The file with the secret; white space around the secret is ignored. The file is read again every 10 seconds, so that the secret can be renewed. If it cannot be read, the previous secret is sent. For example `"/var/run/secrets/token"`.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub token_path: Option<String>,
}

impl std::fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientCredentials")
            .field("bearer", &self.bearer)
            .field("token_path", &WithoutCredentials(&self.token_path))
            .finish()
    }
}

/// When calls are refused.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct CircuitBreaker {
    /// How many calls are sent for each accepted one. A lower value refuses calls earlier. Defaults to `2.0`.
    pub k: f64,
    /// The period over which calls are counted. Defaults to `"10s"`.
    pub window: super::Duration,
    /// With fewer calls than this in the window, none is refused. Defaults to `20`.
    #[serde(deserialize_with = "integer")]
    pub min_calls: u64,
}

impl Default for CircuitBreaker {
    fn default() -> Self {
        Self {
            k: 2.0,
            window: "10s".parse::<super::Duration>().expect("the schema's default"),
            min_calls: 20,
        }
    }
}

/// Where the instances of a service are, and how it is called.
#[derive(Clone, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClientTarget {
    /// Where the instances are: `discovery:///SERVICE` in the section `registry`, `dns:///HOST:PORT` for all addresses of a name, `ipv4:ADDRESS:PORT` and `ipv6:[ADDRESS]:PORT`, with more of them after commas, or `unix:///PATH`. If absent, it is `discovery:///` with the name of this target. For example `"dns:///billing.internal:50051"`.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The addresses of the instances, instead of `target`.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub endpoints: Option<Vec<String>>,
    /// Which instance a call goes to.
    pub load_balancing: LoadBalancing,
    /// How long one attempt to connect may take, including name resolution, TCP, TLS and HTTP/2. A call without `wait_for_ready` waits at most this time for a connection. Defaults to `"20s"`.
    pub connect_timeout: super::Duration,
    /// PINGs, which detect a server that disappeared without closing its connection. They are not needed to detect lost packets: a connection ends if sent data is not acknowledged for 20 seconds.
    pub keepalive: ClientKeepalive,
    /// TLS 1.2 and 1.3. Without this section, connections are not encrypted. The files are read for each new connection; if they are invalid, an error is logged, and the previous ones stay in use.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub tls: Option<ClientTls>,
    /// Settings of methods, as in gRPC's service config. The entry that names the method applies, otherwise the one that names its service, otherwise the one with an empty name.
    pub method_config: Vec<MethodConfig>,
    /// Stops retries while most calls fail. Each failure that could be retried takes a token, and each success returns `token_ratio`. Retries stop while at most half of the tokens are left.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub retry_throttling: Option<RetryThrottling>,
    /// Watches the health of each instance with `grpc.health.v1.Health/Watch`, and sends calls only to healthy instances, as in gRFC A17. An instance without this service counts as healthy. If this section is absent, health is watched only with `discovery:///`.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub health_check: Option<ClientHealthCheck>,
    /// Ejects instances whose calls fail more often than those of others, as in gRFC A50: they get no calls for some time. Every status except OK is a failure. If both `failure_percentage` and `success_rate` are absent, no instance is ejected.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub outlier_detection: Option<OutlierDetection>,
}

impl Default for ClientTarget {
    fn default() -> Self {
        Self {
            target: None,
            endpoints: None,
            load_balancing: LoadBalancing::default(),
            connect_timeout: "20s"
                .parse::<super::Duration>()
                .expect("the schema's default"),
            keepalive: ClientKeepalive::default(),
            tls: None,
            method_config: Vec::new(),
            retry_throttling: None,
            health_check: None,
            outlier_detection: None,
        }
    }
}

impl std::fmt::Debug for ClientTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientTarget")
            .field("target", &WithoutCredentials(&self.target))
            .field("endpoints", &WithoutCredentials(&self.endpoints))
            .field("load_balancing", &self.load_balancing)
            .field("connect_timeout", &self.connect_timeout)
            .field("keepalive", &self.keepalive)
            .field("tls", &self.tls)
            .field("method_config", &self.method_config)
            .field("retry_throttling", &self.retry_throttling)
            .field("health_check", &self.health_check)
            .field("outlier_detection", &self.outlier_detection)
            .finish()
    }
}

/// Which instance a call goes to.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct LoadBalancing {
    /// `least_request`: of `choice_count` random instances, the one with the fewest calls in progress. `round_robin`: one instance after the other. `pick_first`: the first address that accepts a connection. Defaults to `"least_request"`.
    pub policy: LoadBalancingPolicy,
    /// How many instances `least_request` compares. Defaults to `2`.
    #[serde(deserialize_with = "integer")]
    pub choice_count: u64,
}

impl Default for LoadBalancing {
    fn default() -> Self {
        Self {
            policy: LoadBalancingPolicy::LeastRequest,
            choice_count: 2,
        }
    }
}

/// `least_request`: of `choice_count` random instances, the one with the fewest calls in progress. `round_robin`: one instance after the other. `pick_first`: the first address that accepts a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LoadBalancingPolicy {
    LeastRequest,
    RoundRobin,
    PickFirst,
}

/// PINGs, which detect a server that disappeared without closing its connection. They are not needed to detect lost packets: a connection ends if sent data is not acknowledged for 20 seconds.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClientKeepalive {
    /// How often a connection is checked: `0s` for never, or at least 10 seconds. Servers close connections that send PINGs more often than they permit, which is often every 5 minutes; the interval is then doubled. Defaults to `"0s"`.
    pub time: super::Duration,
    /// How long the response to a PING may take before the connection is closed. Defaults to `"20s"`.
    pub timeout: super::Duration,
    /// Whether connections are also checked while no call is in progress. Defaults to `false`.
    pub without_calls: bool,
}

impl Default for ClientKeepalive {
    fn default() -> Self {
        Self {
            time: "0s".parse::<super::Duration>().expect("the schema's default"),
            timeout: "20s".parse::<super::Duration>().expect("the schema's default"),
            without_calls: false,
        }
    }
}

/// TLS 1.2 and 1.3. Without this section, connections are not encrypted. The files are read for each new connection; if they are invalid, an error is logged, and the previous ones stay in use.
#[derive(Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClientTls {
    /// The PEM file of the certificate authorities that are trusted. If absent, those of the system are trusted. For example `"/etc/tls/ca.crt"`.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<String>,
    /// The same as text, instead of `ca_file`.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub ca: Option<super::Pem>,
    /// The PEM file of the client's certificate (mTLS). For example `"/etc/tls/tls.crt"`.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub cert_file: Option<String>,
    /// The same as text, instead of `cert_file`.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub cert: Option<super::Pem>,
    /// The PEM file of its private key, which is not encrypted. For example `"/etc/tls/tls.key"`.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub key_file: Option<String>,
    /// The private key as text, instead of `key_file`.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub key: Option<super::Pem>,
    /// The name that the certificate of the service must have. If absent, it is the host of the target. Required with `discovery:///`, which has no host. For example `"billing.internal"`.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
}

impl std::fmt::Debug for ClientTls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientTls")
            .field("ca_file", &WithoutCredentials(&self.ca_file))
            .field("ca", &self.ca)
            .field("cert_file", &WithoutCredentials(&self.cert_file))
            .field("cert", &self.cert)
            .field("key_file", &WithoutCredentials(&self.key_file))
            .field("key", &self.key)
            .field("server_name", &WithoutCredentials(&self.server_name))
            .finish()
    }
}

/// Settings of some methods.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct MethodConfig {
    /// The methods.
    pub name: Vec<MethodName>,
    /// How long a call may take, with all its attempts. An earlier deadline of the caller applies.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub timeout: Option<super::Duration>,
    /// Whether a call waits until its deadline if no instance can be connected to, instead of failing with UNAVAILABLE. Defaults to `false`.
    #[serde(default = "MethodConfig::default_wait_for_ready")]
    pub wait_for_ready: bool,
    /// Retries of failed calls, as in gRFC A6. A call that no server has processed is sent again even without this.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub retry_policy: Option<RetryPolicy>,
    /// Sends further attempts before the first one has ended, as in gRFC A6. The first response is used, and the other attempts are cancelled. Only for methods that the proto file marks with `idempotency_level`, and instead of `retry_policy`.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub hedging_policy: Option<HedgingPolicy>,
}

impl MethodConfig {
    fn default_wait_for_ready() -> bool {
        false
    }
}

/// Retries of failed calls, as in gRFC A6. A call that no server has processed is sent again even without this.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RetryPolicy {
    /// How often a call is tried, including the first time. For example `4`.
    #[serde(deserialize_with = "integer")]
    pub max_attempts: u64,
    /// The pause before the first retry, plus or minus 20 %. Defaults to `"100ms"`.
    #[serde(default = "RetryPolicy::default_initial_backoff")]
    pub initial_backoff: super::Duration,
    /// The longest pause. Defaults to `"1s"`.
    #[serde(default = "RetryPolicy::default_max_backoff")]
    pub max_backoff: super::Duration,
    /// The factor by which each pause is longer than the one before. Defaults to `2.0`.
    #[serde(default = "RetryPolicy::default_backoff_multiplier")]
    pub backoff_multiplier: f64,
    /// The status codes after which a call is retried. For example `["UNAVAILABLE"]`.
    pub retryable_status_codes: Vec<RetryableStatusCode>,
}

impl RetryPolicy {
    fn default_initial_backoff() -> super::Duration {
        "100ms".parse::<super::Duration>().expect("the schema's default")
    }
    fn default_max_backoff() -> super::Duration {
        "1s".parse::<super::Duration>().expect("the schema's default")
    }
    fn default_backoff_multiplier() -> f64 {
        2.0
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RetryableStatusCode {
    Cancelled,
    Unknown,
    InvalidArgument,
    DeadlineExceeded,
    NotFound,
    AlreadyExists,
    PermissionDenied,
    ResourceExhausted,
    FailedPrecondition,
    Aborted,
    OutOfRange,
    Unimplemented,
    Internal,
    Unavailable,
    DataLoss,
    Unauthenticated,
}

/// Sends further attempts before the first one has ended, as in gRFC A6. The first response is used, and the other attempts are cancelled. Only for methods that the proto file marks with `idempotency_level`, and instead of `retry_policy`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct HedgingPolicy {
    /// The maximum number of attempts, including the first one. For example `3`.
    #[serde(deserialize_with = "integer")]
    pub max_attempts: u64,
    /// The time between two attempts. With `0s`, all are sent at once. Defaults to `"100ms"`.
    #[serde(default = "HedgingPolicy::default_hedging_delay")]
    pub hedging_delay: super::Duration,
    /// The status codes after which the other attempts continue, and the next one is sent at once. Any other status ends the call. Defaults to `["UNAVAILABLE"]`.
    #[serde(default = "HedgingPolicy::default_non_fatal_status_codes")]
    pub non_fatal_status_codes: Vec<RetryableStatusCode>,
}

impl HedgingPolicy {
    fn default_hedging_delay() -> super::Duration {
        "100ms".parse::<super::Duration>().expect("the schema's default")
    }
    fn default_non_fatal_status_codes() -> Vec<RetryableStatusCode> {
        vec![RetryableStatusCode::Unavailable]
    }
}

/// Stops retries while most calls fail. Each failure that could be retried takes a token, and each success returns `token_ratio`. Retries stop while at most half of the tokens are left.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetryThrottling {
    /// The initial and maximum number of tokens. Defaults to `10`.
    #[serde(deserialize_with = "integer")]
    pub max_tokens: u64,
    /// How much a success returns. Defaults to `0.1`.
    pub token_ratio: f64,
}

impl Default for RetryThrottling {
    fn default() -> Self {
        Self {
            max_tokens: 10,
            token_ratio: 0.1,
        }
    }
}

/// Watches the health of each instance with `grpc.health.v1.Health/Watch`, and sends calls only to healthy instances, as in gRFC A17. An instance without this service counts as healthy. If this section is absent, health is watched only with `discovery:///`.
#[derive(Clone, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClientHealthCheck {
    /// Whether the health of instances is watched. Defaults to `true`.
    pub enabled: bool,
    /// The service whose health is watched. The empty name is the whole server. For example `"billing.v1.Billing"`. Defaults to `""`.
    pub service_name: String,
}

impl Default for ClientHealthCheck {
    fn default() -> Self {
        Self {
            enabled: true,
            service_name: "".to_owned(),
        }
    }
}

impl std::fmt::Debug for ClientHealthCheck {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientHealthCheck")
            .field("enabled", &self.enabled)
            .field("service_name", &WithoutCredentials(&self.service_name))
            .finish()
    }
}

/// Ejects instances whose calls fail more often than those of others, as in gRFC A50: they get no calls for some time. Every status except OK is a failure. If both `failure_percentage` and `success_rate` are absent, no instance is ejected.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct OutlierDetection {
    /// How often instances are compared. Defaults to `"10s"`.
    pub interval: super::Duration,
    /// How long an instance is ejected the first time. The time is multiplied by the number of its ejections. Defaults to `"30s"`.
    pub base_ejection_time: super::Duration,
    /// The longest time of an ejection. Defaults to `"300s"`.
    pub max_ejection_time: super::Duration,
    /// The percentage of instances that may be ejected at the same time, but always at least one. Defaults to `10`.
    #[serde(deserialize_with = "integer")]
    pub max_ejection_percent: u64,
    /// Ejects instances of which too many calls fail.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub failure_percentage: Option<FailurePercentage>,
    /// Ejects instances whose rate of successful calls is far below the mean.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub success_rate: Option<SuccessRate>,
}

impl Default for OutlierDetection {
    fn default() -> Self {
        Self {
            interval: "10s".parse::<super::Duration>().expect("the schema's default"),
            base_ejection_time: "30s"
                .parse::<super::Duration>()
                .expect("the schema's default"),
            max_ejection_time: "300s"
                .parse::<super::Duration>()
                .expect("the schema's default"),
            max_ejection_percent: 10,
            failure_percentage: None,
            success_rate: None,
        }
    }
}

/// Ejects instances of which too many calls fail.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct FailurePercentage {
    /// The percentage of failed calls above which an instance is ejected. Defaults to `85`.
    #[serde(deserialize_with = "integer")]
    pub threshold: u64,
    /// If fewer instances have `request_volume` calls, none is ejected. Defaults to `5`.
    #[serde(deserialize_with = "integer")]
    pub minimum_hosts: u64,
    /// An instance with fewer calls in the interval is not ejected. Defaults to `50`.
    #[serde(deserialize_with = "integer")]
    pub request_volume: u64,
}

impl Default for FailurePercentage {
    fn default() -> Self {
        Self {
            threshold: 85,
            minimum_hosts: 5,
            request_volume: 50,
        }
    }
}

/// Ejects instances whose rate of successful calls is far below the mean.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct SuccessRate {
    /// How far below the mean an instance is ejected, in thousandths of the standard deviation. Defaults to `1900`.
    #[serde(deserialize_with = "integer")]
    pub stdev_factor: u64,
    /// If fewer instances have `request_volume` calls, none is ejected. Defaults to `5`.
    #[serde(deserialize_with = "integer")]
    pub minimum_hosts: u64,
    /// An instance with fewer calls in the interval is not compared. Defaults to `100`.
    #[serde(deserialize_with = "integer")]
    pub request_volume: u64,
}

impl Default for SuccessRate {
    fn default() -> Self {
        Self {
            stdev_factor: 1900,
            minimum_hosts: 5,
            request_volume: 100,
        }
    }
}

/// The key/value store, and the registration of services in it.
#[derive(Clone, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Registry {
    /// The product that stores the keys. Defaults to `"redb"`.
    pub provider: ::carml_kv::capability::Provider,
    /// The provider's servers. Not used by `redb`.
    pub endpoints: Vec<super::Endpoint>,
    /// The file of the embedded store (`redb`), created if it does not exist. Only one process can open it. Defaults to `"carml.redb"`.
    pub path: String,
    /// The user to log in as.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The user's password.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub password: Option<super::Secret>,
    /// The ACL token of Consul.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub token: Option<super::Secret>,
    /// How long one call may take, and how long a start waits for the first connection. Defaults to `"5s"`.
    pub timeout: super::Duration,
    /// The certificate authority that signs the servers' certificates.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub certificate: Option<super::Pem>,
    /// The certificate of this client, if the servers require one.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub client_certificate: Option<super::Pem>,
    /// The private key of `client_certificate`.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub client_key: Option<super::Pem>,
    /// The namespace of all keys. Keys outside of it are never changed. Defaults to `"carml"`.
    pub bucket: String,
    /// How long one request to one server may take until its response begins.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub header_timeout_per_request: Option<super::Duration>,
    /// Whether the list of servers is updated from the cluster. Defaults to `false`.
    pub auto_sync: bool,
    /// Registration and discovery of services, in the format of the provider's own libraries.
    pub discovery: Discovery,
}

impl Default for Registry {
    fn default() -> Self {
        Self {
            provider: serde_json::from_str("\"redb\"").expect("the schema's default"),
            endpoints: Vec::new(),
            path: "carml.redb".to_owned(),
            username: None,
            password: None,
            token: None,
            timeout: "5s".parse::<super::Duration>().expect("the schema's default"),
            certificate: None,
            client_certificate: None,
            client_key: None,
            bucket: "carml".to_owned(),
            header_timeout_per_request: None,
            auto_sync: false,
            discovery: Discovery::default(),
        }
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry")
            .field("provider", &WithoutCredentials(&self.provider))
            .field("endpoints", &self.endpoints)
            .field("path", &WithoutCredentials(&self.path))
            .field("username", &WithoutCredentials(&self.username))
            .field("password", &self.password)
            .field("token", &self.token)
            .field("timeout", &self.timeout)
            .field("certificate", &self.certificate)
            .field("client_certificate", &self.client_certificate)
            .field("client_key", &self.client_key)
            .field("bucket", &WithoutCredentials(&self.bucket))
            .field("header_timeout_per_request", &self.header_timeout_per_request)
            .field("auto_sync", &self.auto_sync)
            .field("discovery", &self.discovery)
            .finish()
    }
}

/// Registration and discovery of services, in the format of the provider's own libraries.
#[derive(Clone, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Discovery {
    /// Whether the process registers its services with the address `grpc.server.advertise`, from the time it accepts calls until it drains. Defaults to `false`.
    pub register: bool,
    /// The directory of all entries: an entry is `PREFIX/SERVICE/ADDRESS`, or `SERVICE/ADDRESS` if this is empty. Defaults to `""`.
    pub prefix: String,
    /// How long an entry remains after its process crashed or lost its connection to the registry, from `3s` to `1h`. The entry is renewed every third of this time. Defaults to `"30s"`.
    pub ttl: super::Duration,
    /// Strings for clients about this instance, such as its zone.
    pub metadata: BTreeMap<String, String>,
}

impl Default for Discovery {
    fn default() -> Self {
        Self {
            register: false,
            prefix: "".to_owned(),
            ttl: "30s".parse::<super::Duration>().expect("the schema's default"),
            metadata: BTreeMap::new(),
        }
    }
}

impl std::fmt::Debug for Discovery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Discovery")
            .field("register", &self.register)
            .field("prefix", &WithoutCredentials(&self.prefix))
            .field("ttl", &self.ttl)
            .field("metadata", &WithoutCredentials(&self.metadata))
            .finish()
    }
}

/// Health of this service and of what it needs. `grpc.health.v1` is always served: the whole server is the empty name, and `carml.endpoints` is SERVING while all `endpoints` are up.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Health {
    /// What is probed in the background: `host:port` or `tcp://host:port` accept a connection, `http://` and `https://` answer GET with a status from 200 to 399, `grpc://host:port` reports SERVING for the whole server. A host alone has port 80. One success makes an endpoint up, three failures in a row make it down.
    pub endpoints: Vec<super::Endpoint>,
    /// The time between two probes of one endpoint, which varies by a fifth. Defaults to `"10s"`.
    pub interval: super::Duration,
    /// How long one probe may take. Defaults to `"2s"`.
    pub timeout: super::Duration,
    /// Whether the service is ready only while all endpoints are up: `/readyz` of the admin port, and `grpc.health.v1` for the server and its services. With `true`, an endpoint that all instances need takes all of them out at once when it is down. Defaults to `false`.
    pub readiness: bool,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            endpoints: Vec::new(),
            interval: "10s".parse::<super::Duration>().expect("the schema's default"),
            timeout: "2s".parse::<super::Duration>().expect("the schema's default"),
            readiness: false,
        }
    }
}

/// The admin port: HTTP/1.1 for operators, with `/healthz`, `/readyz`, `/metrics`, `/config`, `/chain` and a status page at `/`. Anyone who can connect to it can read them; only secrets are hidden.
#[derive(Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Admin {
    /// The address to bind. If absent, there is no admin port. For example `"127.0.0.1:9090"`.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub listen: Option<String>,
    /// The bearer token that `PUT /log-level` requires. If absent, nothing can be changed.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub token: Option<super::Secret>,
}

impl std::fmt::Debug for Admin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Admin")
            .field("listen", &WithoutCredentials(&self.listen))
            .field("token", &self.token)
            .finish()
    }
}

/// Where events go, in addition to standard output.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Logger {
    /// How events are written to standard output: `auto` is readable text on a terminal, and JSON lines otherwise. Defaults to `"auto"`.
    pub format: Format,
    /// How many lines may wait for each destination, including standard output. If the queue is full, new lines are dropped and counted. Defaults to `8192`.
    #[serde(deserialize_with = "integer")]
    pub queue: u64,
    /// The destinations to use in addition to standard output.
    pub hooks: Vec<LoggerHook>,
    /// The `syslog` hook.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub syslog: Option<Syslog>,
    /// The `elastic_search` hook.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub elastic_search: Option<ElasticSearch>,
}

impl Default for Logger {
    fn default() -> Self {
        Self {
            format: Format::Auto,
            queue: 8192,
            hooks: Vec::new(),
            syslog: None,
            elastic_search: None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    Auto,
    Pretty,
    Json,
}

/// A destination for events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LoggerHook {
    /// Syslog over UDP, TCP or TLS (RFC 5424), or through the local socket. Needs the feature `syslog` of `carml-runtime`.
    Syslog,
    /// Elasticsearch or OpenSearch, through the bulk API, with the field names of the Elastic Common Schema. Needs the feature `elastic-search` of `carml-runtime`.
    ElasticSearch,
}

/// The `syslog` hook.
#[derive(Clone, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Syslog {
    /// The server: a `udp://`, `tcp://` or `tls://` address; without a scheme, UDP is used. If absent, messages go to the local socket.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<super::Endpoint>,
    /// The local socket, which is used if `endpoint` is absent. Messages have the format of `syslog(3)`. Defaults to `"/dev/log"`.
    pub socket: String,
    /// The facility of each message. Defaults to `"user"`.
    pub facility: SyslogFacility,
    /// The certificate authority of a `tls://` server, DER or PEM in base64. If absent, those of the system are trusted.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub ca_cert: Option<super::Base64>,
}

impl Default for Syslog {
    fn default() -> Self {
        Self {
            endpoint: None,
            socket: "/dev/log".to_owned(),
            facility: SyslogFacility::User,
            ca_cert: None,
        }
    }
}

impl std::fmt::Debug for Syslog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Syslog")
            .field("endpoint", &self.endpoint)
            .field("socket", &WithoutCredentials(&self.socket))
            .field("facility", &self.facility)
            .field("ca_cert", &self.ca_cert)
            .finish()
    }
}

/// The facility of each message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SyslogFacility {
    User,
    Daemon,
    Local0,
    Local1,
    Local2,
    Local3,
    Local4,
    Local5,
    Local6,
    Local7,
}

/// The `elastic_search` hook.
#[derive(Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ElasticSearch {
    /// The user to log in as.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The user's password.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub password: Option<super::Secret>,
    /// The cluster's servers. The default scheme is `https` if `ca_cert` is given, otherwise `http`. Without both a scheme and a port, the port is 9200.
    pub endpoints: Vec<super::Endpoint>,
    /// The certificate authority, DER or PEM in base64. If absent, those of the system are trusted.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub ca_cert: Option<super::Base64>,
}

impl std::fmt::Debug for ElasticSearch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ElasticSearch")
            .field("username", &WithoutCredentials(&self.username))
            .field("password", &self.password)
            .field("endpoints", &self.endpoints)
            .field("ca_cert", &self.ca_cert)
            .finish()
    }
}

/// Where finished spans go.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tracer {
    /// Whether spans are exported. Defaults to `false`.
    pub enabled: bool,
    /// The kind of collector: `zipkin`, or `otlp`, OpenTelemetry's own protocol, as protobuf over HTTP. Each is a feature of `carml-runtime` of the same name. Defaults to `"zipkin"`.
    pub provider: TracerProvider,
    /// The servers of the collector. Without a scheme, `http` is used, and the port of the provider if none is given: 9411 for `zipkin`, 4318 for `otlp`.
    pub endpoints: Vec<super::Endpoint>,
    /// The share of new traces that are recorded. For a trace that the caller began, the caller's decision is followed. Defaults to `1.0`.
    pub sample_ratio: f64,
    /// In which headers the trace goes to other services: `w3c` is `traceparent` and `tracestate`, `b3` one header of that name, `b3multi` those that begin with `x-b3-`. All of them are read, whatever this says. Defaults to `["w3c"]`.
    pub propagation: Vec<Propagation>,
}

impl Default for Tracer {
    fn default() -> Self {
        Self {
            enabled: false,
            provider: TracerProvider::Zipkin,
            endpoints: Vec::new(),
            sample_ratio: 1.0,
            propagation: vec![Propagation::W3c],
        }
    }
}

/// The kind of collector: `zipkin`, or `otlp`, OpenTelemetry's own protocol, as protobuf over HTTP. Each is a feature of `carml-runtime` of the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TracerProvider {
    Zipkin,
    Otlp,
}

/// A form of the headers of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Propagation {
    W3c,
    B3,
    B3multi,
}

/// The object store: where models, results and other files are kept.
#[derive(Clone, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Store {
    /// Where objects are kept. Defaults to `"fs"`.
    pub provider: StoreProvider,
    /// The folder of `fs`, created if it does not exist. Defaults to `"objects"`.
    pub path: String,
    /// The address of the service. If absent, it is that of AWS in the region. The default scheme is `https`.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<super::Endpoint>,
    /// The bucket, which must exist.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub bucket: Option<String>,
    /// The region of the bucket. Services without regions accept any value. Defaults to `"us-east-1"`.
    pub region: String,
    /// Whether the bucket is part of the host name (`https://BUCKET.host`) instead of the path. Defaults to `false`.
    pub virtual_host: bool,
    /// The certificate authority that signs the service's certificate. If absent, those of the system are trusted.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub certificate: Option<super::Pem>,
    /// A prefix of all keys. Objects outside of it are never changed. Defaults to `""`.
    pub prefix: String,
    /// Where the access key comes from. Defaults to `"config"`.
    pub credentials: StoreCredentials,
    /// The id of the access key.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub access_key: Option<super::Secret>,
    /// The secret of the access key.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub secret_key: Option<super::Secret>,
    /// The token of temporary credentials.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub session_token: Option<super::Secret>,
    /// How long an attempt to connect may take. Defaults to `"10s"`.
    pub connect_timeout: super::Duration,
    /// How long a request may wait without sending or receiving a byte. The total time of a transfer is not limited. Defaults to `"30s"`.
    pub timeout: super::Duration,
    /// When a failed request is retried.
    pub retry: StoreRetry,
    /// The size of a part of a large object, from `5mib` to `5gib`. It is increased for an object of known size that would have more than 10,000 parts. Defaults to `"16mib"`.
    pub part_size: super::ByteSize,
    /// How many parts of an object are sent at the same time. Each of them is kept in memory. Defaults to `4`.
    #[serde(deserialize_with = "integer")]
    pub concurrency: u64,
    /// The largest object that can be written. Not limited if absent.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub max_size: Option<super::ByteSize>,
    /// The checksum that is sent with each part, so that the service refuses a part that was damaged on the way. Defaults to `"crc32c"`.
    pub checksum: StoreChecksum,
    /// Whether data and names are synced to the disk before a put returns. Defaults to `true`.
    pub durable: bool,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            provider: StoreProvider::Fs,
            path: "objects".to_owned(),
            endpoint: None,
            bucket: None,
            region: "us-east-1".to_owned(),
            virtual_host: false,
            certificate: None,
            prefix: "".to_owned(),
            credentials: StoreCredentials::Config,
            access_key: None,
            secret_key: None,
            session_token: None,
            connect_timeout: "10s"
                .parse::<super::Duration>()
                .expect("the schema's default"),
            timeout: "30s".parse::<super::Duration>().expect("the schema's default"),
            retry: StoreRetry::default(),
            part_size: "16mib".parse::<super::ByteSize>().expect("the schema's default"),
            concurrency: 4,
            max_size: None,
            checksum: StoreChecksum::Crc32c,
            durable: true,
        }
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("provider", &self.provider)
            .field("path", &WithoutCredentials(&self.path))
            .field("endpoint", &self.endpoint)
            .field("bucket", &WithoutCredentials(&self.bucket))
            .field("region", &WithoutCredentials(&self.region))
            .field("virtual_host", &self.virtual_host)
            .field("certificate", &self.certificate)
            .field("prefix", &WithoutCredentials(&self.prefix))
            .field("credentials", &self.credentials)
            .field("access_key", &self.access_key)
            .field("secret_key", &self.secret_key)
            .field("session_token", &self.session_token)
            .field("connect_timeout", &self.connect_timeout)
            .field("timeout", &self.timeout)
            .field("retry", &self.retry)
            .field("part_size", &self.part_size)
            .field("concurrency", &self.concurrency)
            .field("max_size", &self.max_size)
            .field("checksum", &self.checksum)
            .field("durable", &self.durable)
            .finish()
    }
}

/// Where objects are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StoreProvider {
    /// A folder on this machine. Several processes can share it.
    Fs,
    /// The memory of this process, for tests.
    Memory,
    /// A bucket of an S3-compatible service.
    S3,
}

/// Where the access key comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StoreCredentials {
    /// `access_key` and `secret_key` of this section.
    Config,
    /// The variables, files and metadata service of AWS. Outside of AWS, a start can take long, because the metadata service does not respond.
    Environment,
    /// Requests are not signed, for public buckets.
    Anonymous,
}

/// When a failed request is retried.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreRetry {
    /// How often a request is sent in total, including the first time. Defaults to `5`.
    #[serde(deserialize_with = "integer")]
    pub attempts: u64,
    /// The longest pause that the service can request (`Retry-After`). If it requests a longer one, the call fails at once. Defaults to `"60s"`.
    pub max_wait: super::Duration,
}

impl Default for StoreRetry {
    fn default() -> Self {
        Self {
            attempts: 5,
            max_wait: "60s".parse::<super::Duration>().expect("the schema's default"),
        }
    }
}

/// The checksum that is sent with each part, so that the service refuses a part that was damaged on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StoreChecksum {
    Crc32c,
    /// No checksum.
    None,
}

/// The download manager: files that are fetched by URL once, checked, and kept in a cache.
#[derive(Clone, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Download {
    /// The folder of the cache. If absent, it is `carml` in the user's cache folder or, without such a folder, in `app.tempdir`.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
    /// How many files are transferred at once. Defaults to `4`.
    #[serde(deserialize_with = "integer")]
    pub parallel: u64,
    /// How many connections are used for a file of 64 MiB or more, if the server proves that all parts are of the same version. Defaults to `4`.
    #[serde(deserialize_with = "integer")]
    pub connections: u64,
    /// How long an attempt to connect may take. Defaults to `"10s"`.
    pub connect_timeout: super::Duration,
    /// How long a transfer may wait without receiving a byte. Defaults to `"30s"`.
    pub timeout: super::Duration,
    /// How long a whole download may take. No limit if absent.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub deadline: Option<super::Duration>,
    /// When a failed transfer is retried.
    pub retry: StoreRetry,
    /// The largest file that is accepted. Defaults to `"20gb"`.
    pub max_size: super::ByteSize,
    /// The limit of all transfers of the process, in bytes per second. No limit if absent.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<super::ByteSize>,
    /// When a download needs a checksum. Defaults to `"http"`.
    pub checksum: ChecksumPolicy,
    /// The age of a cached file without a checksum from which the server is asked whether the file has changed. A file with a checksum is never checked again. Defaults to `"0s"`.
    pub revalidate: super::Duration,
    /// Whether only the cache is used, without network access. Defaults to `false`.
    pub offline: bool,
    /// Whether a cached file is used if the server cannot be asked whether the file has changed. Defaults to `true`.
    pub stale_if_error: bool,
    /// The prefixes of URLs that may be downloaded, and that redirects may lead to. Defaults to `["https://","http://","store:"]`.
    pub allow: Vec<String>,
    /// Whether loopback, private and link-local addresses may be connected to. Defaults to `true`.
    pub private_addresses: bool,
    /// How many redirects are followed. A redirect from https to http is never followed. Defaults to `10`.
    #[serde(deserialize_with = "integer")]
    pub redirects: u64,
    /// `environment` to use `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`; `off`; or the URL of a proxy. It is a secret because the URL may contain a password. Defaults to `"environment"`.
    pub proxy: super::Secret,
    /// A certificate authority that is trusted in addition to those of the system.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub certificate: Option<super::Pem>,
    /// Credentials for URLs with a prefix; if several match, the longest prefix wins. They are never sent to another host after a redirect.
    pub credentials: Vec<Credential>,
    /// Other locations of the files under a URL prefix. For files with a checksum, they are tried first, in order.
    pub mirrors: Vec<Mirror>,
    /// The size and the durability of the cache.
    pub cache: DownloadCache,
    /// The limits of unpacking one archive.
    pub unpack: UnpackLimits,
}

impl Default for Download {
    fn default() -> Self {
        Self {
            directory: None,
            parallel: 4,
            connections: 4,
            connect_timeout: "10s"
                .parse::<super::Duration>()
                .expect("the schema's default"),
            timeout: "30s".parse::<super::Duration>().expect("the schema's default"),
            deadline: None,
            retry: StoreRetry::default(),
            max_size: "20gb".parse::<super::ByteSize>().expect("the schema's default"),
            rate_limit: None,
            checksum: ChecksumPolicy::Http,
            revalidate: "0s".parse::<super::Duration>().expect("the schema's default"),
            offline: false,
            stale_if_error: true,
            allow: vec![
                "https://".to_owned(), "http://".to_owned(), "store:".to_owned()
            ],
            private_addresses: true,
            redirects: 10,
            proxy: "environment".parse::<super::Secret>().expect("the schema's default"),
            certificate: None,
            credentials: Vec::new(),
            mirrors: Vec::new(),
            cache: DownloadCache::default(),
            unpack: UnpackLimits::default(),
        }
    }
}

impl std::fmt::Debug for Download {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Download")
            .field("directory", &WithoutCredentials(&self.directory))
            .field("parallel", &self.parallel)
            .field("connections", &self.connections)
            .field("connect_timeout", &self.connect_timeout)
            .field("timeout", &self.timeout)
            .field("deadline", &self.deadline)
            .field("retry", &self.retry)
            .field("max_size", &self.max_size)
            .field("rate_limit", &self.rate_limit)
            .field("checksum", &self.checksum)
            .field("revalidate", &self.revalidate)
            .field("offline", &self.offline)
            .field("stale_if_error", &self.stale_if_error)
            .field("allow", &WithoutCredentials(&self.allow))
            .field("private_addresses", &self.private_addresses)
            .field("redirects", &self.redirects)
            .field("proxy", &self.proxy)
            .field("certificate", &self.certificate)
            .field("credentials", &self.credentials)
            .field("mirrors", &self.mirrors)
            .field("cache", &self.cache)
            .field("unpack", &self.unpack)
            .finish()
    }
}

/// When a download needs a checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ChecksumPolicy {
    /// Never.
    Optional,
    /// Over plain HTTP, unless the server is on this machine.
    Http,
    /// Always.
    Required,
}

/// A token, a user with a password, or a custom header.
#[derive(Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Credential {
    /// The prefix of a URL: a scheme, an origin, or a path that ends with a slash.
    pub url: String,
    /// Sent as `Authorization: Bearer TOKEN`.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub token: Option<super::Secret>,
    /// A user, for `Authorization: Basic`.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The user's password.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub password: Option<super::Secret>,
    /// The name of a header, such as `private-token`.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// The value of the header.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub value: Option<super::Secret>,
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credential")
            .field("url", &WithoutCredentials(&self.url))
            .field("token", &self.token)
            .field("username", &WithoutCredentials(&self.username))
            .field("password", &self.password)
            .field("header", &WithoutCredentials(&self.header))
            .field("value", &self.value)
            .finish()
    }
}

/// A URL prefix, and the prefixes of its mirrors.
#[derive(Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Mirror {
    /// The prefix of a URL: a scheme, an origin, or a path that ends with a slash.
    pub url: String,
    /// The prefixes of the mirrors.
    pub to: Vec<String>,
}

impl std::fmt::Debug for Mirror {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mirror")
            .field("url", &WithoutCredentials(&self.url))
            .field("to", &WithoutCredentials(&self.to))
            .finish()
    }
}

/// The size and the durability of the cache.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct DownloadCache {
    /// How large the cache may become. The least recently used files are removed first. Files in use are never removed. Defaults to `"50gb"`.
    pub max_size: super::ByteSize,
    /// How much space a download must leave free on the disk. Defaults to `"1gb"`.
    pub min_free: super::ByteSize,
    /// Whether a file is synced to the disk before it is visible, so that it survives a power failure. Defaults to `true`.
    pub durable: bool,
}

impl Default for DownloadCache {
    fn default() -> Self {
        Self {
            max_size: "50gb".parse::<super::ByteSize>().expect("the schema's default"),
            min_free: "1gb".parse::<super::ByteSize>().expect("the schema's default"),
            durable: true,
        }
    }
}

/// The limits of unpacking one archive.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct UnpackLimits {
    /// How many bytes may be written. Defaults to `"50gb"`.
    pub max_size: super::ByteSize,
    /// How many entries the archive may have. Defaults to `100000`.
    #[serde(deserialize_with = "integer")]
    pub max_files: u64,
    /// How many bytes may be written per byte of the archive. Checked when more than 100 MB are written. Defaults to `200`.
    #[serde(deserialize_with = "integer")]
    pub max_ratio: u64,
}

impl Default for UnpackLimits {
    fn default() -> Self {
        Self {
            max_size: "50gb".parse::<super::ByteSize>().expect("the schema's default"),
            max_files: 100000,
            max_ratio: 200,
        }
    }
}
