//! What the object store adds to one raw request, and to a raw file, in one run. Ratios are printed,
//! never asserted: they depend on the machine too.
//!
//! `cargo bench -p carml-bench-store -- [MIB]`: the size of the object, by default 256. Needs
//! `tests/servers/install versitygw`. The server and the files are in the directory for temporary
//! files.
#![allow(clippy::unwrap_used)]

use std::{
    fs::File,
    io::Write as _,
    time::{Duration, Instant},
};

use bytes::Bytes;
use carml_store::{
    Body, GetOptions, Key, PresignMethod, Presigned, PutOptions, Store, StoreOptions, fs::Fs,
};
use carml_store_s3::{Options, S3};
use carml_test_servers::Server;
use carml_test_store::options;
use futures_util::{StreamExt as _, stream};

/// How often each is measured; the median is printed.
const ROUNDS: usize = 5;

/// How much is read or written at once.
const CHUNK: usize = 256 << 10;

#[tokio::main]
async fn main() {
    let mut numbers = std::env::args().filter_map(|argument| argument.parse::<usize>().ok());
    let size = numbers.next().unwrap_or(256) << 20;
    println!("objects of {} MiB, median of {ROUNDS}", size >> 20);
    let content = Bytes::from(vec![7; size]);
    let server = Server::started(&["versitygw"]).await;
    let endpoint = server.endpoints().remove(0);
    let s3 = S3::new(Options {
        part_size: 16 << 20,
        ..options(&server, &endpoint)
    });
    let store = Store::new(s3.unwrap(), &StoreOptions::default()).unwrap();
    services(&store, &content).await;
    memory(&store, size).await;
    files(&content).await;
}

/// Against requests to presigned addresses.
async fn services(store: &Store, content: &Bytes) {
    let http = reqwest::Client::builder()
        .tls_backend_preconfigured(tls())
        .build()
        .unwrap();
    let key: Key = "object".parse().unwrap();
    let day = Duration::from_secs(24 * 3600);
    let [get, put] = [
        store.presign(PresignMethod::Get, &key, day).await.unwrap(),
        store.presign(PresignMethod::Put, &key, day).await.unwrap(),
    ];
    let mut times = [const { Vec::new() }; 4];
    for _ in 0..ROUNDS {
        times[0].push(timed(raw_put(&http, &put, content.clone())).await);
        times[1].push(
            timed(async {
                let options = PutOptions::default();
                store.put(&key, content.clone(), options).await.unwrap();
            })
            .await,
        );
        times[2].push(timed(raw_get(&http, &get, content.len())).await);
        times[3].push(timed(read(store, &key, content.len())).await);
    }
    let [raw_put, put, raw_get, get] = times.map(median);
    report("s3 put, against one raw PUT", put, raw_put, "<= 1.15");
    report("s3 get, against one raw GET", get, raw_get, "<= 1.05");
}

async fn raw_put(http: &reqwest::Client, to: &Presigned, content: Bytes) {
    let answer = http.put(&to.url).body(content).send().await.unwrap();
    assert!(answer.status().is_success(), "{answer:?}");
}

async fn raw_get(http: &reqwest::Client, from: &Presigned, size: usize) {
    let mut answer = http.get(&from.url).send().await.unwrap();
    let mut read = 0;
    while let Some(chunk) = answer.chunk().await.unwrap() {
        read += chunk.len();
    }
    assert_eq!(read, size);
}

async fn read(store: &Store, key: &Key, size: usize) {
    let mut object = store.get(key, GetOptions::default()).await.unwrap();
    let mut read = 0;
    while let Some(chunk) = object.stream.next().await {
        read += chunk.unwrap().len();
    }
    assert_eq!(read, size);
}

/// The memory of a put of a stream, which is never whole in memory.
async fn memory(store: &Store, size: usize) {
    let before = resident();
    let chunk = Bytes::from(vec![7; CHUNK]);
    let chunks = stream::repeat(chunk)
        .take(size / CHUNK)
        .map(Ok::<_, std::io::Error>);
    let key: Key = "streamed".parse().unwrap();
    let put = store.put(&key, Body::stream(chunks, None), PutOptions::default());
    let mut put = std::pin::pin!(put);
    let mut most = before;
    loop {
        let limit = Duration::from_millis(20);
        match tokio::time::timeout(limit, &mut put).await {
            Ok(done) => break drop(done.unwrap()),
            Err(_) => most = most.max(resident()),
        }
    }
    let more = most.saturating_sub(before);
    let parts = more as f64 / (16 << 20) as f64;
    println!(
        "s3 put of a stream: {} MiB more than before, {parts:.1} parts  <= 8",
        more >> 20
    );
}

/// The resident memory of this process, in bytes.
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text
        .split_whitespace()
        .nth(1)
        .and_then(|pages| pages.parse::<usize>().ok());
    pages.unwrap_or_default() * 4096
}

/// Against a file that is written and synced.
async fn files(content: &Bytes) {
    let folder = tempfile::tempdir().unwrap();
    let provider = Fs::open(folder.path().join("objects"), true).unwrap();
    let store = Store::new(provider, &StoreOptions::default()).unwrap();
    let key: Key = "object".parse().unwrap();
    let mut times = [const { Vec::new() }; 4];
    for _ in 0..ROUNDS {
        let path = folder.path().join("raw");
        let copy = content.clone();
        times[0].push(
            timed(async {
                let write = move || {
                    let mut file = File::create(path).unwrap();
                    copy.chunks(CHUNK)
                        .for_each(|chunk| file.write_all(chunk).unwrap());
                    file.sync_all().unwrap();
                };
                tokio::task::spawn_blocking(write).await.unwrap();
            })
            .await,
        );
        let chunks: Vec<_> = (0..content.len())
            .step_by(CHUNK)
            .map(|at| Ok::<_, std::io::Error>(content.slice(at..content.len().min(at + CHUNK))))
            .collect();
        times[1].push(
            timed(async {
                let body = Body::stream(stream::iter(chunks), None);
                store.put(&key, body, PutOptions::default()).await.unwrap();
            })
            .await,
        );
        let copy = content.clone();
        times[2].push(
            timed(async {
                let hash = move || {
                    let mut sum = carml_store::Sha256::default();
                    sum.update(&copy);
                    sum.hex()
                };
                tokio::task::spawn_blocking(hash).await.unwrap();
            })
            .await,
        );
        times[3].push(timed(read(&store, &key, content.len())).await);
    }
    let [raw, put, sum, get] = times.map(median);
    report("fs put, against a synced file", put, raw, "");
    report("fs get, against SHA-256 alone", get, sum, "");
}

/// The server has no TLS, but the client asks for a library.
fn tls() -> rustls::ClientConfig {
    let ring = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(ring);
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let roots = rustls::RootCertStore::empty();
    builder.with_root_certificates(roots).with_no_client_auth()
}

async fn timed(work: impl Future<Output = ()>) -> Duration {
    let start = Instant::now();
    work.await;
    start.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn report(what: &str, ours: Duration, raw: Duration, goal: &str) {
    let ratio = ours.as_secs_f64() / raw.as_secs_f64();
    println!("{what}: {ours:.2?} against {raw:.2?}: {ratio:.2} times  {goal}");
}
