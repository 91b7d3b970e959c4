//! Registration and discovery on the embedded store, in one process and through `carml kv serve`.
#![cfg(feature = "kv")]
#![allow(clippy::unwrap_used)]

mod support;

use std::{
    process::{Command, Output},
    sync::Arc,
    time::{Duration, Instant},
};

use carml_kv_service::KvClient;
use carml_runtime::{
    discovery::{
        Directory, Freshness, Instance, InstanceWatch, KvDirectory, NamingFormat, Registrar,
        Resolver,
    },
    kv::Kv,
};
use support::Served;

const SERVICE: &str = "shop.v1.Orders";

fn carml(arguments: &[&str]) -> Output {
    let carml = Command::new(env!("CARGO_BIN_EXE_carml"))
        .args(arguments)
        .output();
    carml.unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn a_service_on_the_embedded_store_registers_itself() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store.redb");
    let settings = [
        "registry.discovery.register=true",
        "registry.discovery.prefix=services",
        "registry.discovery.metadata={zone: b}",
        "grpc.server.advertise=kv.local:0",
    ];
    let served = Served::with(&file, &settings);
    let (url, port) = (served.url(), served.address.port());
    let list = ["services", "list", "--server", &url, "--prefix", "services"];
    let expected = format!("carml.kv.v1.KeyValue  kv.local:{port}  {{\"zone\":\"b\"}}\n");
    let start = Instant::now();
    while stdout(&carml(&list)) != expected {
        assert!(
            start.elapsed() < Duration::from_secs(10),
            "{:?}",
            carml(&list)
        );
    }
    // Where nothing is registered.
    let other = carml(&["services", "list", "--server", &url, "--prefix", "other"]);
    assert_eq!(
        (other.status.code(), stdout(&other)),
        (Some(0), String::new())
    );
    let other = carml(&["services", "resolve", "a.B", "--server", &url]);
    assert_eq!(other.status.code(), Some(1));
    let away = carml(&["services", "list", "--server", "http://127.0.0.1:1"]);
    assert_eq!(away.status.code(), Some(2), "{away:?}");
}

async fn addresses(watch: &mut InstanceWatch, freshness: Freshness, expected: &[&str]) {
    let wait = async {
        loop {
            let now = watch.current();
            let found: Vec<_> = now.instances.iter().map(|i| i.address.as_str()).collect();
            if found == expected && now.freshness == freshness {
                return;
            }
            watch.changed().await.unwrap();
        }
    };
    let arrived = tokio::time::timeout(Duration::from_secs(30), wait).await;
    arrived.unwrap_or_else(|_| panic!("{:?}, expected {expected:?}", watch.current()));
}

fn directory(url: &str) -> Arc<dyn Directory> {
    let kv = Kv::new(KvClient::new(url).unwrap(), Duration::from_secs(2));
    Arc::new(KvDirectory::new(kv, None, NamingFormat))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_served_store_that_was_lost_with_all_its_data_gets_every_service_again() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(&folder.path().join("first.redb"));
    let (url, listen) = (
        served.url(),
        format!("grpc.server.listen={}", served.address),
    );
    let services = vec![SERVICE.to_owned()];
    let register = |address: &str| {
        let ttl = Duration::from_secs(3);
        Registrar::start(
            directory(&url),
            services.clone(),
            Instance::new(address),
            ttl,
        )
    };
    let (one, two) = (register("a:1"), register("b:1"));
    let mut watch = Resolver::new(directory(&url)).watch(SERVICE);
    addresses(&mut watch, Freshness::Current, &["a:1", "b:1"]).await;

    drop(served);
    addresses(&mut watch, Freshness::Stale, &["a:1", "b:1"]).await;
    // The last known instances stay, however long it takes.
    tokio::time::sleep(Duration::from_secs(4)).await;
    addresses(&mut watch, Freshness::Stale, &["a:1", "b:1"]).await;
    two.stop().await;

    let empty = folder.path().join("second.redb");
    let _served = Served::with(&empty, &[&listen]);
    addresses(&mut watch, Freshness::Current, &["a:1", "b:1"]).await;
    // The one that did not come back goes; the other one was never missing.
    addresses(&mut watch, Freshness::Current, &["a:1"]).await;
    one.stop().await;
    addresses(&mut watch, Freshness::Current, &[]).await;
}
