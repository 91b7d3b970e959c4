//! Typed config sections. Placeholder of what `carml generate` writes from `schema/`.
#![allow(missing_docs, dead_code, clippy::all)]
use super::types::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct App {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    pub debug: bool,
    pub verbose: bool,
    pub color: AppColor,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tempdir: Option<String>,
}

impl Default for App {
    fn default() -> Self {
        App {
            name: None,
            debug: false,
            verbose: false,
            color: AppColor::Auto,
            tempdir: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GrpcServer {
    pub listen: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advertise: Option<String>,
    pub reflection: bool,
    pub middleware: Vec<ServerMiddleware>,
    pub shutdown: Shutdown,
}

impl Default for GrpcServer {
    fn default() -> Self {
        GrpcServer {
            listen: "127.0.0.1:50051".to_owned(),
            advertise: None,
            reflection: true,
            middleware: vec![
                ServerMiddleware::Recover,
                ServerMiddleware::Logging,
                ServerMiddleware::Tracing,
            ],
            shutdown: Shutdown::default(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Shutdown {
    pub settle: Duration,
    pub deadline: Duration,
}

impl Default for Shutdown {
    fn default() -> Self {
        Shutdown {
            settle: "0s".parse().expect("default"),
            deadline: "10s".parse().expect("default"),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GrpcClient {
    pub middleware: Vec<ClientMiddleware>,
}

impl Default for GrpcClient {
    fn default() -> Self {
        GrpcClient {
            middleware: vec![
                ClientMiddleware::Recover,
                ClientMiddleware::Logging,
                ClientMiddleware::Tracing,
            ],
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServerMiddleware {
    Recover,
    Logging,
    Tracing,
    MaxMessageSize(ByteSize),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientMiddleware {
    Recover,
    Logging,
    Tracing,
    MaxMessageSize(ByteSize),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Grpc {
    pub server: GrpcServer,
    pub client: GrpcClient,
}

impl Default for Grpc {
    fn default() -> Self {
        Grpc {
            server: GrpcServer::default(),
            client: GrpcClient::default(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    Consul,
    Etcd,
    Zookeeper,
    Redb,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Registry {
    pub provider: Provider,
    pub endpoints: Vec<Endpoint>,
    pub path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    pub timeout: Duration,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Pem>,
    pub bucket: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header_timeout_per_request: Option<Duration>,
    pub auto_sync: bool,
}

impl Default for Registry {
    fn default() -> Self {
        Registry {
            provider: Provider::Redb,
            endpoints: vec![],
            path: "carml.redb".to_owned(),
            username: None,
            password: None,
            timeout: "5s".parse().expect("default"),
            certificate: None,
            bucket: "carml".to_owned(),
            header_timeout_per_request: None,
            auto_sync: false,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Health {
    pub endpoints: Vec<Endpoint>,
    pub interval: Duration,
    pub timeout: Duration,
}

impl Default for Health {
    fn default() -> Self {
        Health {
            endpoints: vec![],
            interval: "10s".parse().expect("default"),
            timeout: "2s".parse().expect("default"),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoggerHook {
    Syslog,
    ElasticSearch,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Syslog {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<Endpoint>,
}

impl Default for Syslog {
    fn default() -> Self {
        Syslog { endpoint: None }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ElasticSearch {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    pub endpoints: Vec<Endpoint>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_cert: Option<Base64>,
}

impl Default for ElasticSearch {
    fn default() -> Self {
        ElasticSearch {
            username: None,
            password: None,
            endpoints: Vec::new(),
            ca_cert: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Logger {
    pub format: LoggerFormat,
    pub hooks: Vec<LoggerHook>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub syslog: Option<Syslog>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elastic_search: Option<ElasticSearch>,
}

impl Default for Logger {
    fn default() -> Self {
        Logger {
            format: LoggerFormat::Auto,
            hooks: vec![],
            syslog: None,
            elastic_search: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tracer {
    pub enabled: bool,
    pub provider: TracerProvider,
    pub endpoints: Vec<Endpoint>,
    pub sample_ratio: f64,
}

impl Default for Tracer {
    fn default() -> Self {
        Tracer {
            enabled: false,
            provider: TracerProvider::Zipkin,
            endpoints: vec![],
            sample_ratio: 1.0,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Store {
    pub provider: StoreProvider,
    pub path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<Endpoint>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_key: Option<Secret>,
}

impl Default for Store {
    fn default() -> Self {
        Store {
            provider: StoreProvider::Fs,
            path: "objects".to_owned(),
            endpoint: None,
            bucket: None,
            region: None,
            access_key: None,
            secret_key: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Download {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
    pub parallel: u64,
    pub timeout: Duration,
    pub max_size: ByteSize,
}

impl Default for Download {
    fn default() -> Self {
        Download {
            directory: None,
            parallel: 4,
            timeout: "30s".parse().expect("default"),
            max_size: "1gb".parse().expect("default"),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    pub app: App,
    pub grpc: Grpc,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registry: Option<Registry>,
    pub health: Health,
    pub logger: Logger,
    pub tracer: Tracer,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<Store>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub download: Option<Download>,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            app: App::default(),
            grpc: Grpc::default(),
            registry: None,
            health: Health::default(),
            logger: Logger::default(),
            tracer: Tracer::default(),
            store: None,
            download: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppColor {
    Auto,
    Always,
    Never,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoggerFormat {
    Auto,
    Pretty,
    Json,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TracerProvider {
    Zipkin,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoreProvider {
    Fs,
    S3,
}
