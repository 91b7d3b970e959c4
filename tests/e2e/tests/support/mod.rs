//! A server with the chain under test, and what its calls logged.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, missing_docs)]

use std::{
    io::Write,
    net::SocketAddr,
    sync::{Arc, LazyLock, Mutex},
};

use carml_runtime::{
    Service as _,
    config::model::{GrpcServer, ServerMiddleware},
    grpc::{
        FileDescriptors as _, Methods, Place,
        chain::{Chain, ChainLayer, Item},
        server::{Listener, Running, Server},
    },
};
use carml_telemetry::metrics::Metrics;
pub use carml_test_e2e::line;
use carml_test_e2e::{
    Parrot,
    proto::carml::test::v1::{EchoClient, EchoServer},
};
use serde_json::{Value, json};
use tonic::{service::Routes, transport::Channel};
use tower_layer::Layer as _;
use tracing::{Dispatch, subscriber::NoSubscriber};
use tracing_subscriber::fmt::format::FmtSpan;

pub type Client = EchoClient<Channel>;

/// A client that is connected.
pub async fn client(address: SocketAddr) -> Client {
    EchoClient::connect(format!("http://{address}"))
        .await
        .unwrap()
}

/// The middleware list, as the config has it.
pub fn list(json: Value) -> Vec<ServerMiddleware> {
    serde_json::from_value(json).unwrap()
}

/// Serves the parrot behind this chain, with these settings of `grpc.server`.
pub async fn start(list: Value, server: Value) -> (Running, SocketAddr) {
    let methods = Methods::of([EchoServer::<Parrot>::FILE_DESCRIPTOR_SET]);
    let place = Place::new(methods.clone(), Metrics::default());
    let items = self::list(list).into_iter().map(Item::BuiltIn).collect();
    let chain = Chain::compile_items(items, &place).unwrap();
    let listener = Listener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.address().unwrap().tcp().unwrap();
    let config: GrpcServer = serde_json::from_value(server).unwrap();
    let mut server = Server::new(&config).methods(methods);
    if let Some(tls) = &config.tls {
        server = server.tls(carml_tls::Server::open(tls).unwrap());
    }
    let routes = Routes::new(Parrot.into_server());
    let service = ChainLayer::new(chain).layer(routes);
    (server.start(listener, service), address)
}

/// As [`start`], until the test ends.
pub async fn serve(list: Value) -> Client {
    let (running, address) = start(list, json!({})).await;
    std::mem::forget(running);
    EchoClient::connect(format!("http://{address}"))
        .await
        .unwrap()
}

/// JSON lines of this thread's events; tests run on a runtime of one thread.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub fn capture() -> (Self, tracing::subscriber::DefaultGuard) {
        // With one dispatcher in the process, `tracing` takes the interest of the thread that meets
        // an event first for that of all: a test without a log would silence this one.
        static SECOND: LazyLock<Dispatch> =
            LazyLock::new(|| Dispatch::new(NoSubscriber::default()));
        LazyLock::force(&SECOND);
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .json()
            .with_max_level(tracing::Level::INFO)
            .with_span_events(FmtSpan::CLOSE)
            .with_writer(move || writer.clone())
            .finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    fn lines(&self, target: &str, closed: bool) -> Vec<Value> {
        let bytes = self.0.lock().unwrap().clone();
        String::from_utf8(bytes)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .filter(|line: &Value| line["target"] == target)
            .filter(|line| (line["fields"]["message"] == "close") == closed)
            .collect()
    }

    /// The events of this target.
    pub fn events(&self, target: &str) -> Vec<Value> {
        self.lines(target, false)
    }

    /// Waits for the event that ends a call: the client may see the end first.
    pub async fn call(&self) -> Value {
        last(|| self.events("carml::rpc")).await
    }

    /// Waits for the span of a call to close: with what is known at its end.
    pub async fn span(&self) -> Value {
        last(|| self.lines("carml::rpc", true)).await["span"].clone()
    }
}

async fn last(lines: impl Fn() -> Vec<Value>) -> Value {
    for _ in 0..200 {
        if let Some(line) = lines().pop() {
            return line;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the call was not logged");
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
