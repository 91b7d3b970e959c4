//! One writer and 1,000 watchers of the key that it writes: how long a write takes, and until all of them
//! have seen it. CarML and the raw client of etcd in turns; the embedded store also without watchers.
//! Ratios are printed, never asserted: they depend on the machine too.
//!
//! `cargo bench -p carml-bench-kv --bench fan_out -- [redb] [etcd]`: both, by default.
//! `tests/servers/install etcd` installs the server.
#![allow(clippy::unwrap_used)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use carml_bench_kv::{Times, report};
use carml_runtime::kv::{
    Batch, Kv, WatchStart,
    etcd::{self, Etcd},
    redb::Redb,
};
use carml_test_conformance::{Server, key};
use futures_util::StreamExt as _;
use tokio::sync::Notify;

const WATCHERS: usize = 1_000;
const WRITES: usize = 200;
const VALUE: [u8; 100] = [7; 100];

/// How many have seen the last write.
#[derive(Default)]
struct Seen {
    count: AtomicUsize,
    all: Notify,
}

impl Seen {
    fn add(&self) {
        if self.count.fetch_add(1, Ordering::AcqRel) + 1 == WATCHERS {
            self.all.notify_one();
        }
    }

    async fn all(&self) {
        self.all.notified().await;
        self.count.store(0, Ordering::Release);
    }
}

/// Watchers of CarML, once each has its first snapshot.
async fn watch(kv: &Kv, name: &str) -> Arc<Seen> {
    let seen = Arc::<Seen>::default();
    for _ in 0..WATCHERS {
        let mut watch = kv.watch(key(name), WatchStart::Now).await.unwrap();
        let first = watch.next().await.unwrap().unwrap();
        assert!(matches!(first, Batch::Snapshot { .. }), "{first:?}");
        let seen = seen.clone();
        tokio::spawn(async move {
            while let Some(Ok(batch)) = watch.next().await {
                if let Batch::Events { .. } = batch {
                    seen.add();
                }
            }
        });
    }
    seen
}

/// Watchers of the raw client: one stream of the client each, as CarML has.
async fn watch_raw(client: &etcd_client::Client, name: &str) -> Arc<Seen> {
    let seen = Arc::<Seen>::default();
    for _ in 0..WATCHERS {
        let mut watch = client.watch_client().watch(name, None).await.unwrap();
        let seen = seen.clone();
        tokio::spawn(async move {
            while let Ok(Some(response)) = watch.message().await {
                for _ in response.events() {
                    seen.add();
                }
            }
        });
    }
    seen
}

async fn redb() {
    let folder = tempfile::tempdir().unwrap();
    let store = Redb::open(folder.path().join("kv"), "bench").unwrap();
    let kv = Kv::new(store, Duration::from_secs(30));
    let seen = watch(&kv, "watched").await;
    let (mut alone, mut watched, mut spread) = Default::default();
    for _ in 0..WRITES {
        let put = async |name, times: &mut Times| {
            let start = Instant::now();
            kv.put(key(name), VALUE.to_vec(), None).await.unwrap();
            times.add(start);
        };
        put("alone", &mut alone).await;
        let start = Instant::now();
        put("watched", &mut watched).await;
        seen.all().await;
        Times::add(&mut spread, start);
    }
    report(
        "redb put without and with 1,000 watchers",
        &mut alone,
        &mut watched,
    );
    report(
        "redb put without, and until 1,000 have seen it",
        &mut alone,
        &mut spread,
    );
    rate("redb", &mut spread);
}

async fn etcd() {
    let server = Server::started(&["etcd"]).await;
    let endpoint = &server.endpoints()[0];
    let timeout = Duration::from_secs(30);
    let mut options = etcd::Options::new([endpoint.clone()]);
    (options.timeout, options.bucket) = (timeout, "bench".to_owned());
    let kv = Kv::new(Etcd::connect(&options).await.unwrap(), timeout);
    let client = etcd_client::Client::connect([format!("http://{endpoint}")], None);
    let raw = client.await.unwrap();
    let (ours, theirs) = (watch(&kv, "ours").await, watch_raw(&raw, "raw").await);
    let (mut kv_times, mut raw_times) = <(Times, Times)>::default();
    for round in 0..WRITES {
        for is_ours in [round % 2 == 0, round % 2 == 1] {
            let start = Instant::now();
            match is_ours {
                true => {
                    kv.put(key("ours"), VALUE.to_vec(), None).await.unwrap();
                    ours.all().await;
                    kv_times.add(start);
                }
                false => {
                    raw.kv_client().put("raw", VALUE, None).await.unwrap();
                    theirs.all().await;
                    raw_times.add(start);
                }
            }
        }
    }
    report(
        "etcd put until 1,000 watchers have seen it",
        &mut raw_times,
        &mut kv_times,
    );
    rate("etcd", &mut kv_times);
}

fn rate(what: &str, times: &mut Times) {
    let events = WATCHERS as f64 / times.percentile(50).as_secs_f64();
    println!("{what}: {events:.0} events a second");
}

#[tokio::main]
async fn main() {
    let named: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| !arg.starts_with('-'))
        .collect();
    let is_wanted = |name: &str| named.is_empty() || named.iter().any(|one| one == name);
    if is_wanted("redb") {
        redb().await;
    }
    if is_wanted("etcd") {
        etcd().await;
    }
}
