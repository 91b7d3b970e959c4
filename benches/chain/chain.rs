//! What a middleware chain costs per call: instructions, counted by callgrind, and allocations.
//!
//! `cargo bench -p carml-bench-chain` compares a unary echo through tonic's generated server alone,
//! through the same four middlewares written by hand as a static tower stack (`stack.rs`), and
//! through CarML's chain, all called in process. Ratios are to the static stack; they are printed,
//! never asserted.
#![allow(clippy::unwrap_used)]

mod stack;

use std::{
    alloc::System, convert::Infallible, fmt, future::Future, pin::pin, process::Command, task,
    task::Poll,
};

use bytes::Bytes;
use carml_bench_chain::proto::carml::bench::v1::{Echo, EchoServer, Line, RepeatRequest};
use carml_runtime::{
    config::{ByteSize, model::ServerMiddleware},
    grpc::chain::{Chain, ChainLayer},
};
use http::Request;
use http_body_util::{BodyExt as _, Full};
use prost::Message as _;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use tonic::{Response, Status, body::Body};
use tower_layer::Layer as _;
use tower_service::Service;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The limit of `max_message_size`.
const LIMIT: u64 = 1_000_000;

/// Calls before anything is counted.
const WARM_UP: u64 = 100;

struct Parrot;

#[tonic::async_trait]
impl Echo for Parrot {
    async fn say(&self, request: tonic::Request<Line>) -> Result<Response<Line>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    type RepeatStream = tokio_stream::Empty<Result<Line, Status>>;

    async fn repeat(
        &self,
        _request: tonic::Request<RepeatRequest>,
    ) -> Result<Response<Self::RepeatStream>, Status> {
        Err(Status::unimplemented("only the bench `server` calls it"))
    }
}

/// What is around the handler.
#[derive(Clone, Copy, PartialEq)]
enum Stack {
    Tonic,
    Static,
    Carml,
}

/// Where events go.
#[derive(Clone, Copy)]
enum Log {
    None,
    Json,
}

const STACKS: [(&str, Stack); 3] = [
    ("tonic", Stack::Tonic),
    ("static", Stack::Static),
    ("carml", Stack::Carml),
];

const LOGS: [(&str, Log); 2] = [("none", Log::None), ("json", Log::Json)];

fn chain() -> Chain {
    Chain::compile(&[
        ServerMiddleware::Recover,
        ServerMiddleware::Tracing(Default::default()),
        ServerMiddleware::Logging(Default::default()),
        ServerMiddleware::MaxMessageSize(ByteSize::new(LIMIT).into()),
    ])
    .unwrap()
}

fn run(stack: Stack, log: Log, calls: u64) {
    let _guard = match log {
        Log::None => None,
        Log::Json => {
            let subscriber = tracing_subscriber::fmt()
                .json()
                .with_span_list(false)
                .with_writer(std::io::sink)
                .finish();
            Some(tracing::subscriber::set_default(subscriber))
        }
    };
    let server = EchoServer::new(Parrot);
    match stack {
        Stack::Tonic => call(server, calls),
        Stack::Static => call(stack::around(server, LIMIT), calls),
        Stack::Carml => call(ChainLayer::new(chain()).layer(server), calls),
    }
}

fn call<S>(mut service: S, calls: u64)
where
    S: Service<Request<Body>, Response = http::Response<Body>, Error = Infallible>,
{
    let message = Line {
        text: "the quick brown fox jumps over the lazy dog".to_owned(),
    };
    let mut framed = vec![0];
    framed.extend(u32::try_from(message.encoded_len()).unwrap().to_be_bytes());
    message.encode(&mut framed).unwrap();
    let framed = Bytes::from(framed);
    for _ in 0..calls {
        let request = Request::post("http://localhost/carml.bench.v1.Echo/Say")
            .header("content-type", "application/grpc")
            .body(Body::new(Full::new(framed.clone())))
            .unwrap();
        ready(async {
            let answer = service.call(request).await.unwrap_or_else(|e| match e {});
            let answer = answer.into_body().collect().await.unwrap();
            assert_eq!(answer.trailers().unwrap()["grpc-status"], "0");
            assert_eq!(answer.to_bytes(), framed);
        });
    }
}

/// Nothing here waits for anything.
fn ready<F: Future<Output = ()>>(future: F) {
    let mut cx = task::Context::from_waker(task::Waker::noop());
    match pin!(future).poll(&mut cx) {
        Poll::Ready(()) => {}
        Poll::Pending => panic!("the call waits"),
    }
}

fn allocations(stack: Stack, log: Log) -> f64 {
    const CALLS: u64 = 1_000;
    run(stack, log, WARM_UP);
    let count = |calls| {
        let region = Region::new(ALLOCATOR);
        run(stack, log, calls);
        let change = region.change();
        change.allocations + change.reallocations
    };
    let (few, many) = (count(WARM_UP), count(WARM_UP + CALLS));
    (many - few) as f64 / CALLS as f64
}

/// Instructions of a call, or why they cannot be counted.
fn instructions(stack: &str, log: &str) -> Result<f64, String> {
    const CALLS: u64 = 500;
    let count = |calls: u64| -> Result<f64, String> {
        let calls = calls.to_string();
        let output = Command::new("valgrind")
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(std::env::current_exe().unwrap())
            .args(["--run", stack, log, &calls])
            .output()
            .map_err(|e| format!("valgrind: {e}"))?;
        let text = String::from_utf8_lossy(&output.stderr);
        let collected = text.lines().find_map(|line| {
            let (_, count) = line.split_once("Collected :")?;
            count.trim().parse().ok()
        });
        collected.ok_or_else(|| text.into_owned())
    };
    Ok((count(WARM_UP + CALLS)? - count(WARM_UP)?) / CALLS as f64)
}

struct Ratio(f64, f64);

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>9.1} ({:.3})", self.0, self.0 / self.1)
    }
}

fn report() -> Result<(), String> {
    println!("per call, and as a ratio to the static stack\n");
    println!("log    stack         instructions         allocations");
    for (log_name, log) in LOGS {
        let base = (
            instructions("static", log_name)?,
            allocations(Stack::Static, log),
        );
        for (name, stack) in STACKS {
            let (instructions, allocations) = if stack == Stack::Static {
                base
            } else {
                (instructions(name, log_name)?, allocations(stack, log))
            };
            println!(
                "{log_name:<6} {name:<8} {} {}",
                Ratio(instructions, base.0),
                Ratio(allocations, base.1),
            );
        }
    }
    Ok(())
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [run_only, stack, log, calls] = &args[..]
        && run_only == "--run"
    {
        let stack = STACKS.iter().find(|(name, _)| name == stack).unwrap().1;
        let log = LOGS.iter().find(|(name, _)| name == log).unwrap().1;
        return run(stack, log, calls.parse().unwrap());
    }
    if let Err(why) = report() {
        eprintln!("instructions cannot be counted: {why}");
        std::process::exit(1);
    }
}
