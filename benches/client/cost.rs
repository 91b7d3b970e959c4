//! What a call over one instance costs.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Instant,
};

use bytes::Bytes;
use carml_bench_chain::proto::carml::bench::v1::{EchoClient, Line};
use carml_runtime::{
    client::{Channel, Clients},
    config::{Config, model::GrpcClient},
};
use http::{Request, Response};
use serde_json::{Value, json};
use tonic::{
    Status,
    body::Body,
    client::GrpcService,
    transport::{Channel as TonicChannel, Endpoint},
};
use tower_service::Service;

use crate::{
    numbers::{median, quantile},
    process::{Process, used},
    stack,
};

/// The limit of `max_message_size`.
const LIMIT: u64 = 500_000_000;

const ROUNDS: usize = 7;
const WARM_UP: usize = 2_000;
const CALLS: usize = 20_000;
const IN_FLIGHT: usize = 8;

const CLIENTS: [&str; 4] = ["tonic", "carml", "stack", "chain"];

/// Calls an instance, and prints µs of processor time per call, and the median and the 99th
/// percentile of the time that a call took, in µs.
pub(crate) async fn client(name: &str, address: &str) {
    let tonic = async || {
        let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
        endpoint.tcp_nodelay(true).connect().await.unwrap()
    };
    match name {
        "tonic" => measure(EchoClient::new(tonic().await)).await,
        "carml" => measure(EchoClient::new(carml(address, &json!([])))).await,
        "stack" => {
            tracing_subscriber::fmt()
                .json()
                .with_span_list(false)
                .init();
            let service = stack::around(Infallibly(tonic().await), LIMIT);
            measure(EchoClient::new(service)).await;
        }
        _ => {
            carml_telemetry::init(&Config::default()).unwrap();
            let limit = format!("{LIMIT}b");
            let chain = json!(["recover", "tracing", "logging", { "max_message_size": limit }]);
            measure(EchoClient::new(carml(address, &chain))).await;
        }
    }
}

fn carml(address: &str, chain: &Value) -> Channel {
    let targets = json!({ "echo": { "endpoints": [address] } });
    let config = json!({ "middleware": chain, "targets": targets });
    let config: GrpcClient = serde_json::from_value(config).unwrap();
    Clients::new(&config, None)
        .unwrap()
        .channel("echo")
        .unwrap()
}

/// tonic's channel, with its errors as statuses.
#[derive(Clone)]
struct Infallibly(TonicChannel);

impl Service<Request<Body>> for Infallibly {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Service::poll_ready(&mut self.0, cx).map(|_| Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let called = Service::call(&mut self.0, request);
        Box::pin(async move {
            Ok(called
                .await
                .unwrap_or_else(|error| Status::from_error(Box::new(error)).into_http()))
        })
    }
}

async fn measure<T>(client: EchoClient<T>)
where
    T: GrpcService<Body> + Clone + Send + 'static,
    T::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    T::ResponseBody: http_body::Body<Data = Bytes> + Send + 'static,
    <T::ResponseBody as http_body::Body>::Error:
        Into<Box<dyn std::error::Error + Send + Sync>> + Send,
    T::Future: Send,
{
    let client = client
        .max_decoding_message_size(usize::MAX)
        .max_encoding_message_size(usize::MAX);
    call(&client, WARM_UP).await;
    let before = used();
    let mut took = call(&client, CALLS).await;
    let used = (used() - before).as_secs_f64() * 1e6 / took.len() as f64;
    let (p50, p99) = (quantile(&mut took, 0.5), quantile(&mut took, 0.99));
    eprintln!("{used} {p50} {p99}");
}

/// How long each call took, in µs.
async fn call<T>(client: &EchoClient<T>, calls: usize) -> Vec<f64>
where
    T: GrpcService<Body> + Clone + Send + 'static,
    T::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    T::ResponseBody: http_body::Body<Data = Bytes> + Send + 'static,
    <T::ResponseBody as http_body::Body>::Error:
        Into<Box<dyn std::error::Error + Send + Sync>> + Send,
    T::Future: Send,
{
    let callers = (0..IN_FLIGHT).map(|_| {
        let mut client = client.clone();
        tokio::spawn(async move {
            let mut took = Vec::with_capacity(calls / IN_FLIGHT);
            for _ in 0..calls / IN_FLIGHT {
                let text = "the quick brown fox jumps over the lazy dog".to_owned();
                let begun = Instant::now();
                client.say(Line { text }).await.unwrap();
                took.push(begun.elapsed().as_secs_f64() * 1e6);
            }
            took
        })
    });
    let mut took = Vec::with_capacity(calls);
    for caller in callers.collect::<Vec<_>>() {
        took.extend(caller.await.unwrap());
    }
    took
}

pub(crate) fn report() {
    let server = Process::start(&["--serve", "127.0.0.1:0", "0"]);
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let each = CLIENTS.map(|name| Process::numbers(&["--cost", name, &server.line]));
        rounds.push(each);
    }
    println!("one instance:  µs per call   p50 µs   p99 µs   to tonic   to stack");
    for (n, name) in CLIENTS.iter().enumerate() {
        let value = |what: usize| median(rounds.iter().map(|round| round[n][what]).collect());
        // In the same round.
        let ratio = |to: usize| {
            median(
                rounds
                    .iter()
                    .map(|round| round[n][0] / round[to][0])
                    .collect(),
            )
        };
        println!(
            "{name:<14} {:>11.1} {:>8.0} {:>8.0} {:>10.3} {:>10.3}",
            value(0),
            value(1),
            value(2),
            ratio(0),
            ratio(2)
        );
    }
}
