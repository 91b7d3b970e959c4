//! 10,000 instances and many resolvers, each with a connection of its own, on a real etcd: how long it
//! takes until all of them know of a change, and what it costs. `--nocapture` shows the figures.
//! `CARML_RESOLVERS=100` sets how many resolvers; 20 unless it is set.
#![cfg(all(unix, feature = "etcd"))]
#![allow(clippy::unwrap_used)]

use std::{
    fs,
    sync::Arc,
    time::{Duration, Instant},
};

use carml_runtime::{
    discovery::{
        Directory, Instance, InstanceWatch, KvDirectory, NamingFormat, Registrar, Resolver,
    },
    kv::{
        Key, Kv, Txn,
        etcd::{Etcd, Options},
    },
};
use carml_test_conformance::Server;
use futures_util::future::join_all;

const SERVICE: &str = "shop.v1.Orders";
const INSTANCES: usize = 10_000;
const RESOLVERS: usize = 20;
/// What a transaction of etcd may change is 128.
const PIECE: usize = 100;
/// Of each step, on a slow machine and without optimization.
const LIMIT: Duration = Duration::from_secs(90);
const MEMORY_PER_RESOLVER: usize = 10 << 20;

async fn connect(server: &Server) -> Kv {
    let mut options = Options::new(server.endpoints());
    options.timeout = Duration::from_secs(30);
    let etcd = Etcd::connect(&options).await.unwrap();
    Kv::new(etcd.without_bucket(), options.timeout)
}

fn directory(kv: Kv) -> Arc<dyn Directory> {
    Arc::new(KvDirectory::new(kv, None, NamingFormat))
}

fn address(i: usize) -> String {
    format!("10.0.{}.{}:50051", i / 250, i % 250)
}

fn key(i: usize) -> Key {
    Key::parse(&format!("{SERVICE}/{}", address(i))).unwrap()
}

/// As other processes would have registered themselves.
async fn fill(kv: &Kv) {
    for piece in (0..INSTANCES).step_by(PIECE) {
        let txn = (piece..piece + PIECE).fold(Txn::new(), |txn, i| {
            let address = address(i);
            let entry = format!(r#"{{"Op":0,"Addr":"{address}","Metadata":{{"zone":"a"}}}}"#);
            txn.put(key(i), entry)
        });
        kv.commit(txn).await.unwrap();
    }
}

/// Waits until all know as many instances: how long that took.
async fn all_know(watches: &mut [InstanceWatch], expected: usize, since: Instant) -> Duration {
    let waits = watches.iter_mut().map(|watch| async move {
        while watch.current().instances.len() != expected {
            watch.changed().await.unwrap();
        }
    });
    let waits = tokio::time::timeout(LIMIT, join_all(waits));
    waits.await.expect("all know the instances in time");
    since.elapsed()
}

/// The memory of a process, and the processor time that it has used.
fn usage(process: &str) -> (usize, Duration) {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let rss = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes: usize = rss.unwrap().trim_end_matches("kB").trim().parse().unwrap();
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    (kilobytes << 10, Duration::from_millis(ticks * 10))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_among_ten_thousand_instances_reaches_all_resolvers_soon() {
    let resolvers = std::env::var("CARML_RESOLVERS").ok();
    let resolvers = resolvers.map_or(RESOLVERS, |number| number.parse().unwrap());
    let server = Server::started(&["etcd"]).await;
    let etcd = server.about()["pids"][0].to_string();
    let kv = connect(&server).await;
    fill(&kv).await;

    let connected = join_all((0..resolvers).map(|_| connect(&server))).await;
    let (before, start) = (usage("self"), Instant::now());
    let connected = connected.into_iter();
    let resolve = connected.map(|kv| Resolver::new(directory(kv)).watch(SERVICE));
    let mut watches: Vec<_> = resolve.collect();
    let first = all_know(&mut watches, INSTANCES, start).await;
    let after = usage("self");
    let memory = after.0.saturating_sub(before.0) / resolvers;
    println!("{resolvers} resolvers know {INSTANCES} instances after {first:.2?}");
    println!("each takes {} KiB", memory >> 10);

    let start = Instant::now();
    let ttl = Duration::from_secs(30);
    let services = vec![SERVICE.to_owned()];
    let registrar = Registrar::start(directory(kv.clone()), services, Instance::new("new:1"), ttl);
    let one = all_know(&mut watches, INSTANCES + 1, start).await;
    println!("all know one more after {one:.2?}");

    let start = Instant::now();
    for piece in (0..1_000).step_by(PIECE) {
        let txn = (piece..piece + PIECE).fold(Txn::new(), |txn, i| txn.delete(key(i)));
        kv.commit(txn).await.unwrap();
    }
    let many = all_know(&mut watches, INSTANCES - 999, start).await;
    println!("all know that 1,000 are gone after {many:.2?}");

    let start = Instant::now();
    registrar.stop().await;
    let gone = all_know(&mut watches, INSTANCES - 1_000, start).await;
    println!("all know that one is gone after {gone:.2?}");
    let (own, servers) = (usage("self"), usage(&etcd));
    println!(
        "processor time: resolvers {:.2?}, etcd {:.2?}; memory: resolvers {} MiB, etcd {} MiB",
        own.1 - before.1,
        servers.1,
        own.0 >> 20,
        servers.0 >> 20,
    );
    assert!(memory < MEMORY_PER_RESOLVER, "{memory} bytes per resolver");
}
