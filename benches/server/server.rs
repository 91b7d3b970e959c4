//! What a call costs a whole server with its log: processor time, and calls per second.
//!
//! `cargo bench -p carml-bench-server` starts each server as a process of its own, whose standard
//! output is a pipe that is read, and calls it over one connection with eight calls at a time. The
//! servers take turns, and each number is the median of the rounds. If there is `valgrind`, it then
//! counts the instructions and allocations of one call. Nothing is asserted.
//!
//! - `stock`: tonic's server, the four middlewares as a hand-written tower stack (that of the bench
//!   `chain`), and the JSON lines of `tracing-subscriber`;
//! - `carml`: the server, the same four middlewares, and the log of CarML;
//! - `dead`: the same with the hooks `syslog` and `elastic_search`, which nobody answers;
//! - `traced`: the same with a tracer whose collector does not answer either.
#![allow(clippy::unwrap_used)]

#[path = "../chain/stack.rs"]
mod stack;

use std::{
    io::{BufRead as _, BufReader, Read as _},
    net::{SocketAddr, TcpListener},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use carml_bench_chain::proto::carml::bench::v1::{Echo, EchoClient, EchoServer, Line};
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
use serde_json::{Value, json};
use tonic::{Response, Status};
use tower_layer::Layer as _;

/// The limit of `max_message_size`.
const LIMIT: u64 = 500_000_000;

const ROUNDS: usize = 7;
const WARM_UP: usize = 2_000;
const CALLS: usize = 20_000;
const IN_FLIGHT: usize = 8;

/// Calls under valgrind: the difference of two runs has no start and no end of a process.
const COUNTED: [usize; 2] = [200, 600];

const SERVERS: [&str; 4] = ["stock", "carml", "dead", "traced"];

struct Parrot;

#[tonic::async_trait]
impl Echo for Parrot {
    async fn say(&self, request: tonic::Request<Line>) -> Result<Response<Line>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

/// Serves until its standard input ends. The first line on standard error is its address.
async fn serve(name: &str) {
    match name {
        "stock" => stock().await,
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
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let service = stack::around(EchoServer::new(Parrot), LIMIT);
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
        ServerMiddleware::MaxMessageSize(ByteSize::new(LIMIT)),
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
    call(&server.address, calls).await;
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

async fn call(address: &str, calls: usize) {
    let client = EchoClient::connect(format!("http://{address}"));
    let client = client.await.unwrap();
    let callers = (0..IN_FLIGHT).map(|_| {
        let mut client = client.clone();
        tokio::spawn(async move {
            for _ in 0..calls / IN_FLIGHT {
                let text = "the quick brown fox jumps over the lazy dog".to_owned();
                client.say(Line { text }).await.unwrap();
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap();
    }
}

/// Microseconds of processor time per call, and calls per second.
async fn measure(name: &str) -> [f64; 2] {
    let server = Process::start(name);
    call(&server.address, WARM_UP).await;
    let (used, begun) = (server.used(), Instant::now());
    call(&server.address, CALLS).await;
    let (used, took) = (server.used() - used, begun.elapsed());
    [
        used.as_secs_f64() * 1e6 / CALLS as f64,
        CALLS as f64 / took.as_secs_f64(),
    ]
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

async fn report() {
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let mut round = Vec::new();
        for name in SERVERS {
            round.push(measure(name).await);
        }
        rounds.push(round);
    }
    // Of what: a server by another one, in the same round.
    let ratio = |what: usize, server: usize, by: usize| {
        let ratios = rounds
            .iter()
            .map(|round| round[server][what] / round[by][what]);
        median(ratios.collect())
    };
    println!("server    µs per call  to stock     calls/s  to carml");
    for (n, name) in SERVERS.iter().enumerate() {
        let value = |what: usize| median(rounds.iter().map(|round| round[n][what]).collect());
        println!(
            "{name:<8} {:>12.1} {:>9.3} {:>11.0} {:>9.3}",
            value(0),
            ratio(0, n, 0),
            value(1),
            ratio(1, n, 1),
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
        _ => runtime.block_on(async {
            report().await;
            report_counts().await;
        }),
    }
}
