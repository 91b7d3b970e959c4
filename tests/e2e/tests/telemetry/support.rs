//! What the tests share: requests to the servers, calls of the service, and patience.

use std::{future::Future, time::Duration};

use bytes::Bytes;
use carml_test_e2e::line;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::server::Server;

const PATIENCE: Duration = Duration::from_secs(30);

/// The trace that [`say`] is part of, and its span there.
pub(crate) const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
pub(crate) const PARENT: &str = "b7ad6b7169203331";

/// The config of a service on a free port, with these sections.
pub(crate) fn config(sections: &str) -> String {
    config_of("parrot", sections)
}

/// The same for a service of this name.
pub(crate) fn config_of(name: &str, sections: &str) -> String {
    format!(
        "app:\n  name: {name}\ngrpc:\n  server:\n    listen: 127.0.0.1:0\n    \
         middleware: [recover, logging, tracing]\n{sections}"
    )
}

/// A call in the trace of the client.
pub(crate) async fn say(server: &Server, text: &str) {
    let mut request = tonic::Request::new(line(text, 0));
    let parent = format!("00-{TRACE}-{PARENT}-01").parse().unwrap();
    request.metadata_mut().insert("traceparent", parent);
    let _ = server.echo().await.say(request).await;
}

/// This many calls of eight clients.
pub(crate) async fn load(server: &Server, calls: usize) {
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let mut client = server.echo().await;
        clients.spawn(async move {
            for _ in 0..calls / 8 {
                client.say(line("hello", 0)).await.unwrap();
            }
        });
    }
    while let Some(done) = clients.join_next().await {
        done.unwrap();
    }
}

/// What the future gives, once it gives something.
pub(crate) async fn until<T, F>(what: &str, mut ask: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let begun = Instant::now();
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "{what}: not in time");
        sleep(Duration::from_millis(50)).await;
    }
}

/// A request over plain HTTP, and the JSON of its answer; null if it is not JSON.
pub(crate) async fn ask(
    method: &str,
    server: &str,
    path: &str,
    body: Value,
) -> (StatusCode, Value) {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let text = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let request = Request::builder()
        .method(method)
        .uri(format!("http://{server}{path}"))
        .header("content-type", "application/json")
        .body(Full::<Bytes>::new(text.into()))
        .unwrap();
    let (head, body) = client.request(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (
        head.status,
        serde_json::from_slice(&body).unwrap_or_default(),
    )
}
