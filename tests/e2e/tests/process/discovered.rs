//! Restarts of instances that a CarML client finds in a real etcd, one after the other, under load.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use carml_runtime::{
    client::{Channel, Clients, GeneratedClient},
    config::{Config, model::Registry},
    discovery::Resolver,
    kv,
};
use carml_test_e2e::{line, proto::carml::test::v1::EchoClient};
use carml_test_servers::Server as Etcd;
use serde_json::{Value, json};

use crate::server::Server;

const ROUNDS: usize = 3;
const WORKERS: usize = 16;
const SERVICE: &str = EchoClient::<Channel>::NAME;

/// `CARML_ROLLING_CALLS` sets how many calls there are at least.
fn least() -> usize {
    let calls = std::env::var("CARML_ROLLING_CALLS").ok();
    calls.and_then(|calls| calls.parse().ok()).unwrap_or(5_000)
}

fn registry(etcd: &Etcd) -> Value {
    json!({ "provider": "etcd", "endpoints": etcd.endpoints(), "timeout": "5s" })
}

/// An instance that registers itself.
async fn instance(etcd: &Etcd) -> Server {
    let mut registry = registry(etcd);
    registry["discovery"] = json!({ "register": true, "ttl": "4s" });
    let config = json!({
        "registry": registry,
        "grpc": { "server": {
            "listen": "127.0.0.1:0",
            "middleware": ["recover"],
            "shutdown": { "settle": "500ms" },
        } },
    });
    let started = tokio::task::spawn_blocking(move || Server::with(&config.to_string()));
    started.await.unwrap()
}

/// A client of what is registered there.
struct Found {
    opened: kv::Opened,
    clients: Clients,
    client: EchoClient<Channel>,
}

impl Found {
    async fn open(etcd: &Etcd, target: Value) -> Self {
        let config: Registry = serde_json::from_value(registry(etcd)).unwrap();
        let opened = kv::open_registry(&config).await.unwrap();
        let client = json!({ "middleware": [], "targets": { SERVICE: target } });
        let config = json!({ "grpc": { "client": client } });
        let config: Config = serde_json::from_value(config).unwrap();
        let resolver = Resolver::new(Arc::clone(&opened.directory));
        let clients = Clients::new(&config.grpc.client, Some(resolver)).unwrap();
        let channel = clients.channel(SERVICE).unwrap();
        let client = <EchoClient<Channel> as GeneratedClient>::new(channel);
        Self {
            opened,
            clients,
            client,
        }
    }

    /// Waits until exactly these instances get calls.
    async fn all_ready(&self, instances: &[&Server]) {
        let mut wanted: Vec<&str> = instances.iter().map(|one| one.address()).collect();
        wanted.sort_unstable();
        let begun = Instant::now();
        loop {
            let report = self.clients.report();
            let endpoints = report[0].endpoints.iter();
            let ready = endpoints.filter(|one| one.state == "READY");
            let mut ready: Vec<&str> = ready.map(|one| &*one.address).collect();
            ready.sort_unstable();
            if ready == wanted {
                return;
            }
            assert!(
                begun.elapsed() < Duration::from_secs(40),
                "{wanted:?}: {report:?}"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn close(self) {
        drop((self.client, self.clients));
        self.opened.kv.close().await.unwrap();
    }
}

/// Calls until it is told to end: how each call that failed did.
async fn load(
    client: EchoClient<Channel>,
    streams: bool,
    is_over: Arc<AtomicBool>,
    count: Arc<AtomicUsize>,
) -> Vec<String> {
    let mut failed = Vec::new();
    while !is_over.load(SeqCst) {
        let n = count.fetch_add(1, SeqCst);
        let mut client = client.clone();
        let ended = match streams && n.is_multiple_of(10) {
            true => repeated(&mut client).await,
            false => client.say(line("hello", 0)).await.map(drop),
        };
        failed.extend(ended.err().map(|status| format!("call {n}: {status}")));
    }
    failed
}

async fn repeated(client: &mut EchoClient<Channel>) -> Result<(), tonic::Status> {
    let mut lines = client.repeat(line("hello", 20)).await?.into_inner();
    let mut count = 0;
    while lines.message().await?.is_some() {
        count += 1;
    }
    assert_eq!(count, 20, "a stream that is cut does not end with OK");
    Ok(())
}

/// How many calls there were while three instances were restarted three times, and how those that
/// failed did.
async fn restarts(signal: &str, target: Value, streams: bool) -> (usize, Vec<String>) {
    let etcd = Etcd::started(&["etcd"]).await;
    let found = Found::open(&etcd, target).await;
    let mut instances = Vec::new();
    for _ in 0..3 {
        instances.push(instance(&etcd).await);
    }
    found.all_ready(&instances.iter().collect::<Vec<_>>()).await;
    let (is_over, count) = (
        Arc::new(AtomicBool::new(false)),
        Arc::<AtomicUsize>::default(),
    );
    let loads: Vec<_> = (0..WORKERS)
        .map(|_| {
            load(
                found.client.clone(),
                streams,
                Arc::clone(&is_over),
                Arc::clone(&count),
            )
        })
        .map(tokio::spawn)
        .collect();
    let mut restarts = 0;
    while restarts < 3 * ROUNDS || count.load(SeqCst) < least() {
        let old = instances.remove(0);
        old.signal(signal);
        let end = old.end().await;
        if signal == "TERM" {
            assert_eq!((end.code, &*end.stderr), (Some(0), ""));
        }
        instances.push(instance(&etcd).await);
        found.all_ready(&instances.iter().collect::<Vec<_>>()).await;
        restarts += 1;
    }
    is_over.store(true, SeqCst);
    let mut failed = Vec::new();
    for load in loads {
        failed.extend(load.await.unwrap());
    }
    println!(
        "{restarts} times SIG{signal}: {} calls, {} failed",
        count.load(SeqCst),
        failed.len()
    );
    found.close().await;
    (count.load(SeqCst), failed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rolling_restarts_of_discovered_instances_fail_no_call_and_no_stream() {
    let (calls, failed) = restarts("TERM", json!({}), true).await;
    assert!(
        failed.is_empty(),
        "{} of {calls}: {:?}",
        failed.len(),
        failed[0]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_of_discovered_instances_fail_no_call_that_may_be_made_again() {
    let policy = json!({ "method_config": [{
        "name": [{ "service": SERVICE, "method": "Say" }],
        "retry_policy": { "max_attempts": 5, "initial_backoff": "20ms",
            "retryable_status_codes": ["UNAVAILABLE"] } }] });
    let (calls, failed) = restarts("KILL", policy, false).await;
    assert!(
        failed.is_empty(),
        "{} of {calls}: {:?}",
        failed.len(),
        failed[0]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_etcd_that_is_frozen_or_gone_changes_nothing_and_is_followed_again() {
    let etcd = Etcd::started(&["etcd"]).await;
    let found = Found::open(&etcd, json!({})).await;
    let mut client = found.client.clone();
    let one = instance(&etcd).await;
    found.all_ready(&[&one]).await;
    let mut calls = async |time: Duration| {
        let begun = Instant::now();
        while begun.elapsed() < time {
            client.say(line("hello", 0)).await.unwrap();
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    // Longer than the entry lives without its instance.
    etcd.freeze(0);
    calls(Duration::from_secs(6)).await;
    etcd.thaw(0);
    let other = instance(&etcd).await;
    found.all_ready(&[&one, &other]).await;
    etcd.kill(0);
    calls(Duration::from_secs(6)).await;
    etcd.restart(0);
    other.signal("TERM");
    found.all_ready(&[&one]).await;
    calls(Duration::from_secs(1)).await;
    found.close().await;
}
