//! Put, get, watch, lock and registration through a service: the same answers from every store.

use std::time::{Duration, Instant};

use carml_test_e2e::proto::carml::test::v1::*;
use carml_test_servers::Server;
use futures_util::future::join_all;
use tempfile::TempDir;

use crate::service::{Service, add, counter};

const SERVICE: &str = "carml.test.v1.Tally";

/// What every store answers.
const EXPECTED: &[&str] = &[
    "registered, and found at its address",
    "a new counter: 0",
    "followed: 0",
    "1 added: 1, followed: 1",
    "41 added: 42, followed: 42",
    "8 clients at a time: [1, 2, 3, 4, 5, 6, 7, 8]",
    "no key: InvalidArgument",
    "counters: [\"many\", \"one\"]",
    "removed: 42, followed: 0",
    "removed again: NotFound",
    "stopped: (Some(0), \"\")",
    "started again: 8",
    "found once",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_service_moves_to_another_store_by_another_yaml_alone() {
    let redb = results("registry:\n  provider: redb\n  path: tally.redb\n").await;
    assert_eq!(redb, EXPECTED, "redb");
    for provider in ["etcd", "consul", "zookeeper"] {
        let server = Server::started(&[provider]).await;
        let endpoint = &server.endpoints()[0];
        let registry = format!("registry:\n  provider: {provider}\n  endpoints: ['{endpoint}']\n");
        assert_eq!(results(&registry).await, EXPECTED, "{provider}");
    }
}

async fn results(registry: &str) -> Vec<String> {
    let registry = format!("{registry}  discovery:\n    register: true\n    prefix: services\n");
    let folder = tempfile::tempdir().unwrap();
    let mut results = first_run(&folder, &registry).await;
    let service = Service::start(&folder, &registry).unwrap();
    let mut client = service.client().await;
    let many = client.get(counter("many")).await.unwrap().into_inner();
    results.push(format!("started again: {}", many.sum));
    wait_for_registration(&service).await;
    results.push("found once".to_owned());
    results
}

async fn first_run(folder: &TempDir, registry: &str) -> Vec<String> {
    let service = Service::start(folder, registry).unwrap();
    let mut results = Vec::new();
    wait_for_registration(&service).await;
    results.push("registered, and found at its address".to_owned());

    let mut client = service.client().await;
    let one = || counter("one");
    let none = client.get(one()).await.unwrap().into_inner();
    results.push(format!("a new counter: {}", none.sum));
    let mut stream = client.follow(one()).await.unwrap().into_inner();
    let mut next = async || {
        let next = tokio::time::timeout(Duration::from_secs(20), stream.message());
        next.await.expect("a sum in time").unwrap().unwrap().sum
    };
    results.push(format!("followed: {}", next().await));
    for count in [1, 41] {
        let answer = client.add(add("one", count)).await.unwrap().into_inner();
        let (sum, followed) = (answer.sum, next().await);
        results.push(format!("{count} added: {sum}, followed: {followed}"));
    }

    // Each reads, adds and writes: only the lock keeps them apart.
    let adds = (0..8).map(|_| {
        let mut client = client.clone();
        async move { client.add(add("many", 1)).await.unwrap().into_inner().sum }
    });
    let mut sums = join_all(adds).await;
    sums.sort_unstable();
    results.push(format!("8 clients at a time: {sums:?}"));

    let refused = client.add(add("a//b", 1)).await.unwrap_err();
    results.push(format!("no key: {:?}", refused.code()));
    let names = client.list(ListRequest {}).await.unwrap().into_inner();
    results.push(format!("counters: {:?}", names.names));
    let removed = client.remove(one()).await.unwrap().into_inner();
    let followed = next().await;
    results.push(format!("removed: {}, followed: {followed}", removed.sum));
    let again = client.remove(one()).await.unwrap_err();
    results.push(format!("removed again: {:?}", again.code()));
    drop(stream);
    drop(client);
    results.push(format!("stopped: {:?}", service.stop().await));
    results
}

/// That the service finds itself, and no other instance.
async fn wait_for_registration(service: &Service) {
    let mut client = service.client().await;
    let start = Instant::now();
    loop {
        let request = ResolveRequest {
            service: SERVICE.to_owned(),
        };
        let found = client.resolve(request).await.unwrap().into_inner();
        if found.addresses == [service.address.clone()] {
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "{found:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
