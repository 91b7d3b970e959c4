//! What a call costs a whole server with its log: processor time, calls per second, latency.
//!
//! `cargo bench -p carml-bench-server` starts each server as a process of its own, whose standard
//! output is a pipe that is read, and calls it over one connection with eight calls at a time: first
//! calls of one message, then calls that are answered with a stream, of which each message is counted
//! as one. The servers take turns, and each number is the median of the rounds. If there is
//! `valgrind`, it then counts the instructions and allocations of one call. Nothing is asserted.
//!
//! - `bare`: tonic's server alone, without a log;
//! - `stock`: tonic's server, the four middlewares as a hand-written tower stack (that of the bench
//!   `chain`), and the JSON lines of `tracing-subscriber`;
//! - `carml`: the server, the same four middlewares, and the log of CarML;
//! - `dead`: the same with the hooks `syslog` and `elastic_search`, which nobody answers;
//! - `traced`: the same with a tracer whose collector does not answer either.
#![allow(clippy::unwrap_used)]

#[path = "../chain/stack.rs"]
mod stack;

use std::{
    convert::Infallible,
    io::{BufRead as _, BufReader, Read as _},
    net::{SocketAddr, TcpListener},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use carml_bench_chain::proto::carml::bench::v1::{
    Echo, EchoClient, EchoServer, Line, RepeatRequest,
};
use carml_runtime::{
    config::{
        ByteSize, Config,
        model::{GrpcServer, ServerMiddleware},
    },
    grpc::{
        chain::{Chain, ChainLayer},
        server::{Listener, Server},
    },
};
use futures_util::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use http::{Request, Response as HttpResponse};
use serde_json::{Value, json};
use tonic::{Response, Status, body::Body, transport::Channel};
use tower_layer::Layer as _;
use tower_service::Service;

/// The limit of `max_message_size`.
const LIMIT: u64 = 500_000_000;

const ROUNDS: usize = 7;
const CALLS: usize = 20_000;
const IN_FLIGHT: usize = 8;

/// Calls under valgrind: the difference of two runs has no start and no end of a process.
const COUNTED: [usize; 2] = [200, 600];

/// How many messages the answer of a stream has.
const MESSAGES: usize = 50;

const TEXT: &str = "the quick brown fox jumps over the lazy dog";

const SERVERS: [&str; 5] = ["stock", "bare", "carml", "dead", "traced"];

/// What is called.
#[derive(Clone, Copy, PartialEq)]
enum Calls {
    Unary,
    Stream,
}

/// What one server costs in one round.
#[derive(Clone, Copy)]
struct Cost {
    /// Microseconds of processor time per call.
    processor: f64,
    per_second: f64,
    /// Microseconds of half of the calls, and of 99 of 100.
    p50: f64,
    p99: f64,
}

struct Parrot;

#[tonic::async_trait]
impl Echo for Parrot {
    async fn say(&self, request: tonic::Request<Line>) -> Result<Response<Line>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    type RepeatStream = BoxStream<'static, Result<Line, Status>>;

    async fn repeat(
        &self,
        request: tonic::Request<RepeatRequest>,
    ) -> Result<Response<Self::RepeatStream>, Status> {
        let RepeatRequest { text, count } = request.into_inner();
        let lines = (0..count).map(move |_| Ok(Line { text: text.clone() }));
        Ok(Response::new(stream::iter(lines).boxed()))
    }
}

/// Serves until its standard input ends. The first line on standard error is its address.
async fn serve(name: &str) {
    match name {
        "stock" => stock().await,
        "bare" => tonic_serve(EchoServer::new(Parrot)).await,
        "carml" => carml(json!({})).await,
        _ => {
            // Nobody accepts on these, and nobody listens on that of `syslog`.
            let silent = [0, 1].map(|_| TcpListener::bind("127.0.0.1:0").unwrap());
            let [search, collector] = [0, 1].map(|n| silent[n].local_addr().unwrap().to_string());
            let logger = json!({
                "hooks": ["syslog", "elastic_search"],
                "syslog": { "endpoint": "tcp://127.0.0.1:1" },
                "elastic_search": { "endpoints": [search] },
            });
            let tracer = json!({ "enabled": name == "traced", "endpoints": [collector] });
            carml(json!({ "logger": logger, "tracer": tracer })).await;
        }
    }
}

async fn stock() {
    tracing_subscriber::fmt()
        .json()
        .with_span_list(false)
        .init();
    tonic_serve(stack::around(EchoServer::new(Parrot), LIMIT)).await;
}

async fn tonic_serve<S>(service: S)
where
    S: Service<Request<Body>, Response = HttpResponse<Body>, Error = Infallible>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send,
{
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let server = tonic::transport::Server::builder().serve(address, service);
    tokio::select! {
        ended = server => ended.unwrap(),
        () = ready(address) => {}
    }
}

async fn carml(config: Value) {
    let config: Config = serde_json::from_value(config).unwrap();
    carml_telemetry::init(&config).unwrap();
    let chain = Chain::compile(&[
        ServerMiddleware::Recover,
        ServerMiddleware::Logging(Default::default()),
        ServerMiddleware::Tracing(Default::default()),
        ServerMiddleware::MaxMessageSize(ByteSize::new(LIMIT).into()),
    ]);
    let service = ChainLayer::new(chain.unwrap()).layer(EchoServer::new(Parrot));
    let listener = Listener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.address().unwrap().tcp().unwrap();
    let _running = Server::new(&GrpcServer::default()).start(listener, service);
    ready(address).await;
}

async fn ready(address: SocketAddr) {
    while tokio::net::TcpStream::connect(address).await.is_err() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    eprintln!("{address}");
    let end = || std::io::stdin().read(&mut [0]);
    let _ = tokio::task::spawn_blocking(end).await;
}

/// A server as a process.
struct Process {
    child: Child,
    address: String,
}

impl Process {
    fn start(name: &str) -> Self {
        Self::spawn(Command::new(std::env::current_exe().unwrap()), name)
    }

    fn spawn(mut command: Command, name: &str) -> Self {
        let mut child = command
            .args(["--serve", name])
            .env_remove("RUST_LOG")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = child.stdout.take().unwrap();
        std::thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()));
        let mut address = String::new();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        stderr.read_line(&mut address).unwrap();
        Self {
            child,
            address: address.trim().to_owned(),
        }
    }

    /// The processor time it has used, of all threads, in and out of the kernel.
    fn used(&self) -> Duration {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        let nanos = tasks.filter_map(|task| {
            let text = std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
            text.split(' ').next()?.parse::<u64>().ok()
        });
        Duration::from_nanos(nanos.sum())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What valgrind counts in a server that answers this many calls, by the line of its report that has
/// this text before the number.
async fn count(name: &str, tool: &str, before: &str, calls: usize) -> Option<f64> {
    let report = std::env::temp_dir().join(format!("carml-bench-{}", std::process::id()));
    let mut valgrind = Command::new("valgrind");
    valgrind
        .arg(format!("--tool={tool}"))
        .arg(format!("--log-file={}", report.display()));
    if tool == "callgrind" {
        valgrind.arg("--callgrind-out-file=/dev/null");
    }
    valgrind.arg(std::env::current_exe().unwrap());
    let mut server = Process::spawn(valgrind, name);
    call(&server.address, Calls::Unary, calls).await;
    drop(server.child.stdin.take());
    server.child.wait().unwrap();
    let text = std::fs::read_to_string(&report).ok()?;
    let _ = std::fs::remove_file(&report);
    let (_, rest) = text.rsplit_once(before)?;
    let digits = rest.trim_start().split([' ', '\n']).next()?;
    digits.replace(',', "").parse().ok()
}

/// The same per call.
async fn counted(name: &str, tool: &str, before: &str) -> Option<f64> {
    let few = count(name, tool, before, COUNTED[0]).await?;
    let many = count(name, tool, before, COUNTED[1]).await?;
    Some((many - few) / (COUNTED[1] - COUNTED[0]) as f64)
}

async fn report_counts() {
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("instructions and allocations are not counted: there is no valgrind");
        return;
    }
    for (what, tool, before) in [
        ("instructions per call", "callgrind", "Collected :"),
        ("allocations per call", "memcheck", "total heap usage:"),
    ] {
        let stock = counted("stock", tool, before).await;
        let carml = counted("carml", tool, before).await;
        match stock.zip(carml) {
            Some((stock, carml)) => println!(
                "{what}: stock {stock:.0}, carml {carml:.0}, to stock {:.3}",
                carml / stock
            ),
            None => println!("{what}: valgrind did not say"),
        }
    }
}

/// Calls the server, and returns how long each call took, in order.
async fn call(address: &str, kind: Calls, calls: usize) -> Vec<Duration> {
    let client = EchoClient::connect(format!("http://{address}"));
    let client = client.await.unwrap();
    let callers = (0..IN_FLIGHT).map(|_| {
        let mut client = client.clone();
        tokio::spawn(async move {
            let mut times = Vec::with_capacity(calls / IN_FLIGHT);
            for _ in 0..calls / IN_FLIGHT {
                let begun = Instant::now();
                match kind {
                    Calls::Unary => say(&mut client).await,
                    Calls::Stream => repeat(&mut client).await,
                }
                times.push(begun.elapsed());
            }
            times
        })
    });
    let mut times = Vec::with_capacity(calls);
    for caller in callers.collect::<Vec<_>>() {
        times.extend(caller.await.unwrap());
    }
    times.sort_unstable();
    times
}

async fn say(client: &mut EchoClient<Channel>) {
    let text = TEXT.to_owned();
    client.say(Line { text }).await.unwrap();
}

async fn repeat(client: &mut EchoClient<Channel>) {
    let request = RepeatRequest {
        text: TEXT.to_owned(),
        count: u32::try_from(MESSAGES).unwrap(),
    };
    let mut lines = client.repeat(request).await.unwrap().into_inner();
    while lines.message().await.unwrap().is_some() {}
}

async fn measure(name: &str, kind: Calls) -> Cost {
    // In a stream, a message is what a call is otherwise.
    let calls = match kind {
        Calls::Unary => CALLS,
        Calls::Stream => CALLS / 10,
    };
    let each = match kind {
        Calls::Unary => calls,
        Calls::Stream => calls * MESSAGES,
    };
    let server = Process::start(name);
    call(&server.address, kind, calls / 10).await;
    let (used, begun) = (server.used(), Instant::now());
    let times = call(&server.address, kind, calls).await;
    let (used, took) = (server.used() - used, begun.elapsed());
    let micros = |at: usize| times[at].as_secs_f64() * 1e6;
    Cost {
        processor: used.as_secs_f64() * 1e6 / each as f64,
        per_second: each as f64 / took.as_secs_f64(),
        p50: micros(times.len() / 2),
        p99: micros(times.len() * 99 / 100),
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

async fn report(kind: Calls) {
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let mut round = Vec::new();
        for name in SERVERS {
            round.push(measure(name, kind).await);
        }
        rounds.push(round);
    }
    let each = match kind {
        Calls::Unary => "call",
        Calls::Stream => "message",
    };
    println!(
        "server    µs per {each:<8} to stock  {each}s per s  to carml   p50 µs   p99 µs  p99 to stock"
    );
    let at = |name: &str| SERVERS.iter().position(|one| *one == name).unwrap();
    let (stock, carml) = (at("stock"), at("carml"));
    for (n, name) in SERVERS.iter().enumerate() {
        let value =
            |what: fn(&Cost) -> f64| median(rounds.iter().map(|round| what(&round[n])).collect());
        // By another server in the same round.
        let ratio = |what: fn(&Cost) -> f64, by: usize| {
            let ratios = rounds
                .iter()
                .map(|round| what(&round[n]) / what(&round[by]));
            median(ratios.collect())
        };
        println!(
            "{name:<8} {:>16.1} {:>9.3} {:>13.0} {:>9.3} {:>8.0} {:>8.0} {:>13.3}",
            value(|cost| cost.processor),
            ratio(|cost| cost.processor, stock),
            value(|cost| cost.per_second),
            ratio(|cost| cost.per_second, carml),
            value(|cost| cost.p50),
            value(|cost| cost.p99),
            ratio(|cost| cost.p99, stock),
        );
    }
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    match &args[..] {
        [serves, name] if serves == "--serve" => runtime.block_on(serve(name)),
        // For `strace` and `perf` on a server that was started by hand.
        [calls, address, count] if calls == "--call" => {
            runtime.block_on(call(address, Calls::Unary, count.parse().unwrap()));
        }
        _ => runtime.block_on(async {
            report(Calls::Unary).await;
            report(Calls::Stream).await;
            report_counts().await;
        }),
    }
}
