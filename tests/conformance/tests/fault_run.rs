//! Real servers under load and faults, and how often the contract was broken: never.
//!
//! `CARML_FAULT_SECONDS=600 cargo test -p carml-test-conformance --test fault_run -- --nocapture`
//! prints operations, faults and figures of each backend; each runs for 15 seconds unless it is set.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use carml_test_conformance::fault_run::{CONSUL, ETCD, Programs, REDB, Target, ZOOKEEPER, run};

async fn nodes(nodes: usize, target: Target) {
    let seconds = std::env::var("CARML_FAULT_SECONDS");
    let seconds = seconds.map_or(15, |text| text.parse().expect("seconds"));
    let programs = Programs {
        holder: env!("CARGO_BIN_EXE_kv-holder"),
        server: env!("CARGO_BIN_EXE_kv-server"),
    };
    run(target, nodes, Duration::from_secs(seconds), programs).await;
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
    one_redb: 1 REDB
    one_etcd: 1 ETCD
    three_etcd: 3 ETCD
    one_consul: 1 CONSUL
    three_consul: 3 CONSUL
    one_zookeeper: 1 ZOOKEEPER
    three_zookeeper: 3 ZOOKEEPER
}
