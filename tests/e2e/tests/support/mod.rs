//! A server with the chain under test, and what its calls logged.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, missing_docs)]

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use carml_runtime::{
    __private::Service as _,
    config::ServerMiddleware,
    grpc::chain::{Chain, ChainLayer},
};
use carml_test_e2e::{
    Parrot,
    proto::carml::test::v1::{EchoClient, Line},
};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::{Channel, Server};

pub type Client = EchoClient<Channel>;

pub fn line(text: &str, count: u32) -> Line {
    Line {
        text: text.to_owned(),
        count,
        ..Line::default()
    }
}

/// The middleware list, as the config has it.
pub fn list(json: serde_json::Value) -> Vec<ServerMiddleware> {
    serde_json::from_value(json).unwrap()
}

pub async fn serve(json: serde_json::Value) -> Client {
    let chain = Chain::compile(&list(json)).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(
        Server::builder()
            .layer(ChainLayer::new(chain))
            .add_service(Parrot.into_server())
            .serve_with_incoming(TcpListenerStream::new(listener)),
    );
    EchoClient::connect(url).await.unwrap()
}

/// JSON lines of this thread's events; tests run on a runtime of one thread.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub fn capture() -> (Self, tracing::subscriber::DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .json()
            .with_max_level(tracing::Level::INFO)
            .with_writer(move || writer.clone())
            .finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    /// The events of this target.
    pub fn events(&self, target: &str) -> Vec<serde_json::Value> {
        let bytes = self.0.lock().unwrap().clone();
        String::from_utf8(bytes)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .filter(|event: &serde_json::Value| event["target"] == target)
            .collect()
    }

    /// Waits for the event that ends a call: the client may hear the end first.
    pub async fn call(&self) -> serde_json::Value {
        for _ in 0..200 {
            if let Some(event) = self.events("carml::rpc").pop() {
                return event;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("the call logged nothing");
    }
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
