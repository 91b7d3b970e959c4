//! Instances of whose calls more fail than of others.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Backend, RawServer, Then, call, channel};

#[tokio::test]
async fn an_instance_whose_calls_fail_gets_none_for_some_time() {
    let broken = RawServer::start(|_| Then::Http(503)).await;
    let backends = [Backend::start().await, Backend::start().await];
    let [one, other] = backends.each_ref().map(|backend| &*backend.address);
    let channel = channel(json!({
        "endpoints": [broken.address, one, other],
        "load_balancing": { "policy": "round_robin" },
        "outlier_detection": {
            "interval": "200ms", "base_ejection_time": "1500ms",
            "failure_percentage": { "threshold": 50, "minimum_hosts": 3, "request_volume": 3 },
        },
    }));
    let begun = Instant::now();
    let mut in_a_row = 0;
    while in_a_row < 30 {
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "it is not ejected"
        );
        in_a_row = match call(&channel, "").await {
            Ok(_) => in_a_row + 1,
            Err(_) => 0,
        };
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let ejected = broken.calls();
    while broken.calls() == ejected {
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "it does not come back"
        );
        let _ = call(&channel, "").await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn all_instances_are_not_ejected_together() {
    let broken = [
        RawServer::start(|_| Then::Http(503)).await,
        RawServer::start(|_| Then::Http(503)).await,
        RawServer::start(|_| Then::Http(503)).await,
    ];
    let addresses = broken.each_ref().map(|server| server.address.clone());
    let channel = channel(json!({
        "endpoints": addresses,
        "load_balancing": { "policy": "round_robin" },
        "outlier_detection": {
            "interval": "100ms",
            "failure_percentage": { "threshold": 50, "minimum_hosts": 1, "request_volume": 1 },
        },
    }));
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(600) {
        call(&channel, "").await.expect_err("all are broken");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let before = broken.each_ref().map(RawServer::calls);
    for _ in 0..30 {
        call(&channel, "").await.expect_err("all are broken");
    }
    let more = broken
        .iter()
        .zip(before)
        .filter(|(server, before)| server.calls() > *before);
    assert_eq!(more.count(), 2, "one is ejected, and no more than that");
}
