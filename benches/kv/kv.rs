//! What the key/value layer adds to raw redb, interleaved in one process. Ratios are printed, never
//! asserted: they depend on the machine too.
//!
//! `cargo bench -p carml-bench-kv --bench kv -- [DIRECTORY]`: the files are made there, by default in the
//! directory for temporary files.
#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use carml_bench_kv::{Times, report};
use carml_runtime::kv::{Key, Kv, WatchStart, redb::Redb};
use futures_util::future::{join_all, try_join_all};
use redb::{Database, ReadableDatabase, TableDefinition};

const TABLE: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("data");
const KEYS: usize = 10_000;
const VALUE: [u8; 100] = [7; 100];

fn name(i: usize) -> String {
    format!("bench/{:05}", i.wrapping_mul(7919) % KEYS)
}

fn key(i: usize) -> Key {
    Key::parse(&name(i)).unwrap()
}

struct Raw(Database);

impl Raw {
    fn get(&self, key: &str) -> Vec<u8> {
        let txn = self.0.begin_read().unwrap();
        let table = txn.open_table(TABLE).unwrap();
        let value = table.get(key).unwrap().unwrap();
        value.value().to_vec()
    }
    fn put(&self, keys: impl Iterator<Item = String>) {
        let txn = self.0.begin_write().unwrap();
        for key in keys {
            let mut table = txn.open_table(TABLE).unwrap();
            table.insert(key.as_str(), &VALUE[..]).unwrap();
        }
        txn.commit().unwrap();
    }
}

async fn gets(raw: &Raw, kv: &Kv) {
    let (mut theirs, mut ours) = (Times::default(), Times::default());
    for i in 0..200_000 {
        let (name, key) = (name(i), key(i));
        let start = Instant::now();
        std::hint::black_box(raw.get(&name));
        theirs.add(start);
        let start = Instant::now();
        std::hint::black_box(kv.get(&key).await.unwrap().unwrap());
        ours.add(start);
    }
    report("get", &mut theirs, &mut ours);
    let mut hops = Times::default();
    for _ in 0..20_000 {
        let start = Instant::now();
        tokio::task::spawn_blocking(|| ()).await.unwrap();
        hops.add(start);
    }
    let (half, most) = (hops.percentile(50), hops.percentile(99));
    println!("a change of thread would add: p50 {half:.2?}, p99 {most:.2?}");
}

async fn puts(raw: &Raw, kv: &Kv) {
    let (mut theirs, mut ours) = (Times::default(), Times::default());
    for i in 0..1000 {
        let start = Instant::now();
        raw.put(std::iter::once(name(i)));
        theirs.add(start);
        let start = Instant::now();
        kv.put(key(i), &VALUE[..], None).await.unwrap();
        ours.add(start);
    }
    report("put", &mut theirs, &mut ours);
}

/// How many writes a second many writers make.
async fn rate(kv: &Kv, writers: usize) -> f64 {
    let start = Instant::now();
    let tasks = (0..writers).map(|writer| {
        let kv = kv.clone();
        tokio::spawn(async move {
            let mut n = 0;
            while start.elapsed() < Duration::from_secs(3) {
                kv.put(key(writer * 100 + n % 100), &VALUE[..], None)
                    .await
                    .unwrap();
                n += 1;
            }
            n
        })
    });
    let tasks: Vec<_> = tasks.collect();
    let total: usize = join_all(tasks).await.into_iter().map(Result::unwrap).sum();
    total as f64 / start.elapsed().as_secs_f64()
}

#[tokio::main]
async fn main() {
    let place = std::env::args().skip(1).find(|arg| !arg.starts_with('-'));
    let place = place.map_or_else(std::env::temp_dir, Into::into);
    let dir = tempfile::tempdir_in(place).unwrap();
    let raw = Raw(Database::create(dir.path().join("raw")).unwrap());
    raw.put((0..KEYS).map(name));
    let store = Redb::open(dir.path().join("kv"), "bench").unwrap();
    let kv = Kv::new(store, Duration::from_secs(30));
    let all = (0..KEYS).map(|i| kv.put(key(i), &VALUE[..], None));
    try_join_all(all).await.unwrap();

    gets(&raw, &kv).await;
    puts(&raw, &kv).await;
    let alone = rate(&kv, 1).await;
    println!("1 writer: {alone:.0} puts a second");
    for writers in [32, 256] {
        let together = rate(&kv, writers).await;
        let ratio = together / alone;
        println!("{writers} writers: {together:.0} puts a second, {ratio:.1} times");
    }
    let page = kv.list(None, Default::default()).await.unwrap();
    let start = Instant::now();
    let from = WatchStart::Revision(carml_runtime::kv::Revision(page.revision.0 - 9_000));
    let watch = kv.watch_tree(None, from).await.unwrap();
    println!(
        "a watch resumed 9,000 revisions back begins after {:.2?}",
        start.elapsed()
    );
    drop(watch);
}
