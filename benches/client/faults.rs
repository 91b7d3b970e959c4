//! Ten instances, of which some are at fault.

use std::{
    io::Write as _,
    net::TcpListener,
    path::PathBuf,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use carml_bench_chain::proto::carml::bench::v1::{EchoClient, Line};
use carml_runtime::{client::Clients, config::model::GrpcClient};
use serde_json::json;
use tonic::{
    Request,
    transport::{Channel, Endpoint},
};

use crate::{numbers::quantile, process::Process};

const INSTANCES: usize = 10;

/// How much later the slow instance answers, in ms.
const SLOW: &str = "100";

/// How often one instance is killed.
const RESTART: Duration = Duration::from_secs(2);

const WARM_UP: Duration = Duration::from_secs(2);
const TIME: Duration = Duration::from_secs(15);
const IN_FLIGHT: usize = 32;
const DEADLINE: Duration = Duration::from_secs(5);

/// Makes the calls of one of the two clients.
trait Say: Clone + Send + 'static {
    fn say(&mut self, request: Request<Line>) -> impl Future<Output = bool> + Send;
}

impl Say for EchoClient<Channel> {
    async fn say(&mut self, request: Request<Line>) -> bool {
        EchoClient::say(self, request).await.is_ok()
    }
}

impl Say for EchoClient<carml_runtime::client::Channel> {
    async fn say(&mut self, request: Request<Line>) -> bool {
        EchoClient::say(self, request).await.is_ok()
    }
}

/// Calls for some time, and prints how many calls there were, how many failed, and the median and
/// the 99th percentile of the time that those took that did not, in µs.
pub(crate) async fn client(name: &str, addresses: &str) {
    let addresses = addresses.split(',');
    match name {
        "tonic" => {
            let endpoints = addresses.map(|address| {
                let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
                endpoint.connect_timeout(DEADLINE).tcp_nodelay(true)
            });
            load(EchoClient::new(Channel::balance_list(endpoints))).await;
        }
        _ => {
            let policy = json!({ "max_attempts": 5, "initial_backoff": "10ms",
                "retryable_status_codes": ["UNAVAILABLE"] });
            let target = json!({
                "endpoints": addresses.collect::<Vec<_>>(),
                "method_config": [{ "name": [{}], "retry_policy": policy }],
            });
            let config = json!({ "middleware": [], "targets": { "echo": target } });
            let config: GrpcClient = serde_json::from_value(config).unwrap();
            let clients = Clients::new(&config, None).unwrap();
            load(EchoClient::new(clients.channel("echo").unwrap())).await;
        }
    }
}

async fn load(client: impl Say) {
    let begun = Instant::now();
    let callers = (0..IN_FLIGHT).map(|_| {
        let mut client = client.clone();
        tokio::spawn(async move {
            let (mut took, mut failed) = (Vec::new(), 0);
            while begun.elapsed() < WARM_UP + TIME {
                let text = "the quick brown fox jumps over the lazy dog".to_owned();
                let mut request = Request::new(Line { text });
                request.set_timeout(DEADLINE);
                let call = Instant::now();
                let is_ok = client.say(request).await;
                if begun.elapsed() < WARM_UP {
                    continue;
                }
                match is_ok {
                    true => took.push(call.elapsed().as_secs_f64() * 1e6),
                    false => failed += 1,
                }
            }
            (took, failed)
        })
    });
    let (mut took, mut failed) = (Vec::new(), 0);
    for caller in callers.collect::<Vec<_>>() {
        let of = caller.await.unwrap();
        took.extend(of.0);
        failed += of.1;
    }
    let calls = took.len() + failed;
    let (p50, p99) = (quantile(&mut took, 0.5), quantile(&mut took, 0.99));
    eprintln!("{calls} {failed} {p50} {p99}");
}

/// The same numbers of grpc-go, if it is installed.
fn grpc_go(addresses: &str) -> Option<Vec<f64>> {
    let store = std::env::var("CARML_SERVERS");
    let store = store.unwrap_or_else(|_| "/var/cache/carml-test-servers".to_owned());
    let program = PathBuf::from(store).join("grpc-go/grpc-go");
    let mut child = Command::new(program)
        .args(["-method", "/carml.bench.v1.Echo/Say", "-quantiles"])
        .args(["load", addresses, "0", &IN_FLIGHT.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    thread::sleep(WARM_UP + TIME);
    drop(child.stdin.take());
    let output = child.wait_with_output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let numbers = text.lines().next()?.split(' ').map(str::parse);
    numbers.collect::<Result<_, _>>().ok()
}

pub(crate) fn report() {
    println!("ten instances:      calls  failed    p50 µs    p99 µs");
    for name in ["tonic", "carml", "grpc-go"] {
        let mut instances: Vec<Process> = (0..INSTANCES - 1)
            .map(|n| Process::start(&["--serve", "127.0.0.1:0", if n == 0 { SLOW } else { "0" }]))
            .collect();
        let mut addresses: Vec<String> = instances.iter().map(|one| one.line.clone()).collect();
        let restarted = instances.pop().unwrap();
        // Nobody listens there.
        let dead = TcpListener::bind("127.0.0.1:0").unwrap().local_addr();
        addresses.insert(INSTANCES / 2, dead.unwrap().to_string());
        let addresses = addresses.join(",");
        let is_over = Arc::new(AtomicBool::new(false));
        let restarts = restart(restarted, Arc::clone(&is_over));
        let numbers = match name {
            "grpc-go" => grpc_go(&addresses),
            _ => Some(Process::numbers(&["--faults", name, &addresses])),
        };
        is_over.store(true, SeqCst);
        restarts.join().unwrap();
        match numbers.as_deref() {
            Some([calls, failed, p50, p99]) => {
                println!("{name:<14} {calls:>10.0} {failed:>7.0} {p50:>9.0} {p99:>9.0}");
            }
            _ => println!("{name:<14} is not installed"),
        }
        let _ = std::io::stdout().flush();
    }
}

/// Kills an instance, and starts it again at its address, until it is over.
fn restart(instance: Process, is_over: Arc<AtomicBool>) -> thread::JoinHandle<()> {
    let address = instance.line.clone();
    let mut running = Some(instance);
    thread::spawn(move || {
        let mut last = Instant::now();
        while !is_over.load(SeqCst) {
            thread::sleep(Duration::from_millis(50));
            if last.elapsed() >= RESTART {
                drop(running.take());
                running = Some(Process::start(&["--serve", &address, "0"]));
                last = Instant::now();
            }
        }
    })
}
