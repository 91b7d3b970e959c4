//! 10,000 registered instances in a real etcd, and 100 resolvers with a connection each: how long until
//! all know a change, and what that costs in bytes and processor time, at the server and at the clients.
//! First watches of etcd's raw client, then resolvers of CarML on the same keys. Ratios are printed,
//! never asserted: they depend on the machine too.
//!
//! `cargo bench -p carml-bench-kv --bench discovery`. `tests/servers/install etcd` installs the server.
#![allow(clippy::unwrap_used)]

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::Arc,
    time::{Duration, Instant},
};

use carml_bench_kv::{Times, report};
use carml_runtime::{
    discovery::{InstanceWatch, KvDirectory, NamingFormat, Resolver},
    kv::{
        Key, Kv, Txn,
        etcd::{Etcd, Options},
    },
};
use carml_test_conformance::Server;
use etcd_client::{Client, EventType, GetOptions, WatchOptions, WatchStream};
use futures_util::future::join_all;

const SERVICE: &str = "shop.v1.Orders";
const INSTANCES: usize = 10_000;
const RESOLVERS: usize = 100;
const CHANGES: usize = 50;
/// What a transaction of etcd may change is 128.
const PIECE: usize = 100;

fn address(i: usize) -> String {
    format!("10.0.{}.{}:50051", i / 250, i % 250)
}

fn entry(address: &str) -> (Key, String) {
    let key = Key::parse(&format!("{SERVICE}/{address}")).unwrap();
    (
        key,
        format!(r#"{{"Op":0,"Addr":"{address}","Metadata":{{"zone":"a"}}}}"#),
    )
}

async fn connect(endpoint: &str) -> Kv {
    let mut options = Options::new([endpoint]);
    options.timeout = Duration::from_secs(60);
    let etcd = Etcd::connect(&options).await.unwrap();
    Kv::new(etcd.without_bucket(), options.timeout)
}

/// The processor time of a process, and what etcd has sent to its clients.
struct Cost {
    clients: Duration,
    server: Duration,
    sent: f64,
}

fn processor_time(process: &str) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}

impl Cost {
    fn now(server: &Server) -> Cost {
        let mut stream = TcpStream::connect(&server.endpoints()[0]).unwrap();
        stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let sent = "etcd_network_client_grpc_sent_bytes_total ";
        let line = text.lines().find_map(|line| line.strip_prefix(sent));
        Cost {
            clients: processor_time("self"),
            server: processor_time(&server.about()["pids"][0].to_string()),
            sent: line.unwrap().parse().unwrap(),
        }
    }

    fn since(&self, before: &Cost) -> Cost {
        Cost {
            clients: self.clients - before.clients,
            server: self.server - before.server,
            sent: self.sent - before.sent,
        }
    }

    fn print(&self, what: &str, raw: &Cost) {
        let ratio = |ours: f64, raw: f64| ours / raw.max(f64::MIN_POSITIVE);
        println!(
            "{what}: bytes sent by etcd: raw {:.0}, kv {:.0}: {:.2} times",
            raw.sent,
            self.sent,
            ratio(self.sent, raw.sent)
        );
        for (who, ours, raw) in [
            ("clients", self.clients, raw.clients),
            ("etcd", self.server, raw.server),
        ] {
            println!(
                "{what}: processor time of {who}: raw {raw:.2?}, kv {ours:.2?}: {:.2} times",
                ratio(ours.as_secs_f64(), raw.as_secs_f64())
            );
        }
    }
}

/// A watch of the raw client, and how many instances it knows.
struct Raw {
    watch: WatchStream,
    known: usize,
    _client: Client,
}

impl Raw {
    async fn start(endpoint: &str) -> Raw {
        let client = Client::connect([format!("http://{endpoint}")], None)
            .await
            .unwrap();
        let prefix = format!("{SERVICE}/");
        let found = client
            .kv_client()
            .get(prefix.as_str(), Some(GetOptions::new().with_prefix()))
            .await
            .unwrap();
        let next = found.header().unwrap().revision() + 1;
        let options = WatchOptions::new().with_prefix().with_start_revision(next);
        let watch = client
            .watch_client()
            .watch(prefix, Some(options))
            .await
            .unwrap();
        Raw {
            watch,
            known: found.kvs().len(),
            _client: client,
        }
    }

    async fn knows(&mut self, expected: usize) {
        while self.known != expected {
            let response = self.watch.message().await.unwrap().unwrap();
            for event in response.events() {
                match event.event_type() {
                    EventType::Put => self.known += 1,
                    EventType::Delete => self.known -= 1,
                }
            }
        }
    }
}

async fn knows(watch: &mut InstanceWatch, expected: usize) {
    while watch.current().instances.len() != expected {
        watch.changed().await.unwrap();
    }
}

#[tokio::main]
async fn main() {
    let server = Server::started(&["etcd"]).await;
    let endpoint = &server.endpoints()[0];
    let kv = connect(endpoint).await;
    for piece in (0..INSTANCES).step_by(PIECE) {
        let txn = (piece..piece + PIECE).fold(Txn::new(), |txn, i| {
            let (key, value) = entry(&address(i));
            txn.put(key, value)
        });
        kv.commit(txn).await.unwrap();
    }

    let what = format!("{RESOLVERS} resolvers learn {INSTANCES} instances");
    let (before, start) = (Cost::now(&server), Instant::now());
    let mut raw = join_all((0..RESOLVERS).map(|_| Raw::start(endpoint))).await;
    let raw_took = start.elapsed();
    let raw_learned = Cost::now(&server).since(&before);
    let (mut raw_times, before) = (Times::default(), Cost::now(&server));
    for change in 0..CHANGES {
        let (expected, start) = (make(&kv, change).await, Instant::now());
        join_all(raw.iter_mut().map(|raw| raw.knows(expected))).await;
        raw_times.add(start);
    }
    let raw_changes = Cost::now(&server).since(&before);
    drop(raw);

    let (before, start) = (Cost::now(&server), Instant::now());
    let connected = join_all((0..RESOLVERS).map(|_| connect(endpoint))).await;
    let resolvers = connected.into_iter().map(|kv| {
        let directory = KvDirectory::new(kv, None, NamingFormat);
        Resolver::new(Arc::new(directory)).watch(SERVICE)
    });
    let mut watches: Vec<InstanceWatch> = resolvers.collect();
    join_all(watches.iter_mut().map(|watch| knows(watch, INSTANCES))).await;
    let took = start.elapsed();
    let learned = Cost::now(&server).since(&before);
    let (mut kv_times, before) = (Times::default(), Cost::now(&server));
    for change in 0..CHANGES {
        let (expected, start) = (make(&kv, change).await, Instant::now());
        join_all(watches.iter_mut().map(|watch| knows(watch, expected))).await;
        kv_times.add(start);
    }
    let changes = Cost::now(&server).since(&before);

    let ratio = took.as_secs_f64() / raw_took.as_secs_f64();
    println!("{what}: raw {raw_took:.2?}, kv {took:.2?}: {ratio:.2} times");
    learned.print(&what, &raw_learned);
    let what = "one change, from its answer until all know it";
    report(what, &mut raw_times, &mut kv_times);
    changes.print(&format!("{CHANGES} changes"), &raw_changes);
}

/// Adds an instance, or removes it again: how many there are then.
async fn make(kv: &Kv, change: usize) -> usize {
    let (key, value) = entry("10.1.0.1:50051");
    let is_there = change.is_multiple_of(2);
    match is_there {
        true => drop(kv.put(key, value, None).await.unwrap()),
        false => drop(kv.delete(key).await.unwrap()),
    }
    INSTANCES + usize::from(is_there)
}
