//! A large object, in bounded memory. A process of its own: its largest memory is measured.
//!
//! `CARML_LARGE` sets the size in MiB; 128 unless it is set.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use std::convert::Infallible;

use bytes::Bytes;
use carml_store::{Body, GetOptions, PutOptions, Store, StoreOptions};
use carml_store_s3::{Options, S3};
use carml_test_store::{options, server, support::key};
use futures_util::{StreamExt as _, stream};

const MIB: usize = 1 << 20;
const PART: usize = 16 * MIB;

/// The most memory that this process had, in bytes.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let mut lines = status.lines();
    let line = lines.find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kib: usize = line.trim().trim_end_matches(" kB").parse().unwrap();
    kib * 1024
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_object_is_put_and_read_in_bounded_memory() {
    let size = std::env::var("CARML_LARGE").map_or(128, |size| size.parse().unwrap()) * MIB;
    let server = tokio::task::spawn_blocking(server).await.unwrap();
    let s3 = S3::new(Options {
        part_size: PART as u64,
        ..options(server, &server.endpoints()[0])
    });
    let store = Store::new(s3.unwrap(), &StoreOptions::default()).unwrap();
    let before = peak();
    // Without a length: nobody knows the number of parts.
    let chunk = |n: usize| Ok::<_, Infallible>(Bytes::from(vec![n as u8; MIB]));
    let body = Body::stream(stream::iter((0..size / MIB).map(chunk)), None);
    let put = store.put(&key("large"), body, PutOptions::default()).await;
    assert_eq!(put.unwrap().size, size as u64);
    let after_put = peak();
    let object = store.get(&key("large"), GetOptions::default()).await;
    let mut content = object.unwrap().stream;
    let mut at = 0;
    while let Some(bytes) = content.next().await {
        for byte in bytes.unwrap() {
            assert_eq!(byte, (at / MIB) as u8, "at {at}");
            at += 1;
        }
    }
    assert_eq!(at, size);
    let parts = |peak: usize| peak.saturating_sub(before) as f64 / PART as f64;
    println!(
        "{} MiB in parts of 16 MiB: {} MiB before, most {} MiB in the put ({:.1} parts), {} MiB in the \
         get",
        size / MIB,
        before / MIB,
        after_put / MIB,
        parts(after_put),
        peak() / MIB,
    );
    assert!(parts(peak()) <= 8.0, "{:.1} parts in memory", parts(peak()));
    assert!(store.uploads().await.unwrap().is_empty());
}
