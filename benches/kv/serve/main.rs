//! `carml kv serve` on an embedded file against a real etcd with one node: puts and gets a second of 64
//! clients of grpc-go, with values of 100 bytes. The two take turns, so that both meet the same load of
//! the machine. Ratios are printed, never asserted: they depend on the machine too.
//!
//! `cargo bench -p carml-bench-kv --bench serve -- [SECONDS]`: of each measurement, 5 unless it is given.
//! `tests/servers/install etcd kv-load` installs what it needs.
#![allow(clippy::unwrap_used)]

use std::{
    net::{TcpListener, TcpStream},
    process::{Child, Command, ExitCode, Stdio},
    time::Duration,
};

use carml_kv_service::Service;
use carml_runtime::{App, config::Config};
use carml_test_conformance::Server;

const CLIENTS: &str = "64";
const ROUNDS: usize = 5;
/// The first argument of this program if it is to serve.
const SERVE: &str = "serve-a-file";

/// Another process of this program, which serves a file.
struct Served {
    process: Child,
    address: String,
}

impl Served {
    fn start(folder: &tempfile::TempDir) -> Served {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap().to_string();
        drop(free);
        let process = Command::new(std::env::current_exe().unwrap())
            .arg(SERVE)
            .arg(folder.path().join("kv.redb"))
            .arg(&address)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        while TcpStream::connect(&address).is_err() {
            std::thread::sleep(Duration::from_millis(20));
        }
        Served { process, address }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// As `carml kv serve` does.
fn serve(file: &str, address: &str) -> ExitCode {
    let config = "app:\n  name: carml-kv\ngrpc:\n  server:\n    middleware: [recover]\nregistry:\n  \
                  provider: redb\n";
    let app = App::<Config>::new()
        .service(Service::new)
        .config_text("the config of the benchmark", config)
        .set(format!("registry.path={file}"))
        .set(format!("grpc.server.listen={address}"));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(app.run())
}

/// Puts and gets a second.
fn load(address: &str, put: &str, get: &str, seconds: &str) -> [f64; 2] {
    let store = std::env::var("CARML_SERVERS");
    let store = store.unwrap_or_else(|_| "/var/cache/carml-test-servers".to_owned());
    let done = Command::new(format!("{store}/kv-load/kv-load"))
        .args([address, put, get, CLIENTS, seconds])
        .output()
        .expect("`tests/servers/install kv-load` was run");
    let text = String::from_utf8(done.stdout).unwrap();
    let numbers: Vec<f64> = text
        .split_whitespace()
        .map(|n| n.parse().unwrap())
        .collect();
    let failure = String::from_utf8_lossy(&done.stderr);
    numbers.try_into().unwrap_or_else(|_| panic!("{failure}"))
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, file, address, ..] = arguments.as_slice()
        && first == SERVE
    {
        return serve(file, address);
    }
    let seconds = arguments.iter().find(|argument| !argument.starts_with('-'));
    let seconds = seconds.map_or("5", String::as_str);
    let folder = tempfile::tempdir().unwrap();
    let (etcd, served) = (Server::start(&["etcd"]), Served::start(&folder));
    let theirs = || {
        let (put, get) = ("/etcdserverpb.KV/Put", "/etcdserverpb.KV/Range");
        load(&etcd.endpoints()[0], put, get, seconds)
    };
    let ours = || {
        let (put, get) = ("/carml.kv.v1.KeyValue/Put", "/carml.kv.v1.KeyValue/Get");
        load(&served.address, put, get, seconds)
    };
    let mut rounds = Vec::new();
    for round in 0..ROUNDS {
        let pair = match round % 2 {
            0 => (theirs(), ours()),
            _ => {
                let ours = ours();
                (theirs(), ours)
            }
        };
        rounds.push(pair);
    }
    for (at, what) in ["put", "get"].into_iter().enumerate() {
        let theirs = median(rounds.iter().map(|(theirs, _)| theirs[at]).collect());
        let ours = median(rounds.iter().map(|(_, ours)| ours[at]).collect());
        let ratios = rounds.iter().map(|(theirs, ours)| ours[at] / theirs[at]);
        let ratio = median(ratios.collect());
        println!(
            "{what}, {CLIENTS} clients: etcd {theirs:.0}/s, carml kv serve {ours:.0}/s: {ratio:.2} times"
        );
    }
    ExitCode::SUCCESS
}
