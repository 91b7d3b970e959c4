//! Real servers under load and faults, and how often the contract was broken: never.
//!
//! `CARML_FAULT_SECONDS=600 cargo test -p carml-test-conformance --test fault_run -- --nocapture`
//! prints operations, faults and figures of each backend; each runs for 15 seconds unless it is set.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use carml_runtime::kv::{Kv, consul, etcd, zookeeper};
use carml_test_conformance::fault_run::{Target, run};

const TIMEOUT: Duration = Duration::from_secs(2);

const ETCD: Target = Target {
    server: "etcd",
    nodes: 1,
    open: |endpoints| {
        Box::pin(async move {
            let mut options = etcd::Options::new(endpoints);
            (options.timeout, options.lock_ttl) = (TIMEOUT, Duration::from_secs(3));
            Kv::new(etcd::Etcd::connect(&options).await.unwrap(), TIMEOUT)
        })
    },
    full_history: true,
    ttl: Duration::from_secs(3),
};

const CONSUL: Target = Target {
    server: "consul",
    nodes: 1,
    open: |endpoints| {
        Box::pin(async move {
            let mut options = consul::Options::new(endpoints);
            options.timeout = TIMEOUT;
            Kv::new(consul::Consul::connect(&options).await.unwrap(), TIMEOUT)
        })
    },
    full_history: false,
    ttl: Duration::from_secs(10),
};

const ZOOKEEPER: Target = Target {
    server: "zookeeper",
    nodes: 1,
    open: |endpoints| {
        Box::pin(async move {
            let mut options = zookeeper::Options::new(endpoints);
            (options.timeout, options.lock_ttl) = (TIMEOUT, Duration::from_secs(4));
            Kv::new(
                zookeeper::Zookeeper::connect(&options).await.unwrap(),
                TIMEOUT,
            )
        })
    },
    full_history: false,
    ttl: Duration::from_secs(4),
};

async fn nodes(nodes: usize, target: Target) {
    let seconds = std::env::var("CARML_FAULT_SECONDS");
    let seconds = seconds.map_or(15, |text| text.parse().expect("seconds"));
    run(Target { nodes, ..target }, Duration::from_secs(seconds)).await;
}

macro_rules! runs {
    ($($name:ident: $count:literal $target:ident)+) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            nodes($count, $target).await;
        })+
    };
}

runs! {
    one_etcd: 1 ETCD
    three_etcd: 3 ETCD
    one_consul: 1 CONSUL
    three_consul: 3 CONSUL
    one_zookeeper: 1 ZOOKEEPER
    three_zookeeper: 3 ZOOKEEPER
}
