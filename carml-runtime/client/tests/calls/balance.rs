//! Which instance a call goes to.

use std::{sync::atomic::Ordering::SeqCst, time::Duration};

use serde_json::json;

use crate::support::{Backend, call, channel, to, until_ok};

async fn three() -> [Backend; 3] {
    [
        Backend::start().await,
        Backend::start().await,
        Backend::start().await,
    ]
}

/// Waits until all of them are connected: each has had a call.
async fn until_all(channel: &carml_client::Channel, backends: &[Backend]) {
    for _ in 0..500 {
        call(channel, "").await.expect("a server");
        if backends.iter().all(|backend| backend.calls() > 0) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    panic!("a server has no calls");
}

#[tokio::test]
async fn round_robin_gives_each_instance_the_same_number_of_calls() {
    let backends = three().await;
    let addresses = backends.each_ref().map(|backend| backend.address.clone());
    let channel = channel(json!({
        "endpoints": addresses,
        "load_balancing": { "policy": "round_robin" },
    }));
    until_all(&channel, &backends).await;
    let before = backends.each_ref().map(Backend::calls);
    for _ in 0..30 {
        call(&channel, "").await.expect("a server");
    }
    for (backend, before) in backends.iter().zip(before) {
        assert_eq!(backend.calls() - before, 10);
    }
}

#[tokio::test]
async fn least_request_avoids_an_instance_that_is_slow() {
    let backends = three().await;
    let addresses = backends.each_ref().map(|backend| &*backend.address);
    let channel = to(&addresses);
    until_all(&channel, &backends).await;
    // Calls that stay make one instance the one with the most.
    let slow = to(&[addresses[0]]);
    until_ok(&slow, Duration::from_secs(5)).await;
    let calls = (0..60).map(|_| call(&channel, "sleep:100"));
    let ended = futures_util::future::join_all(calls).await;
    assert!(ended.iter().all(Result::is_ok));
    for backend in &backends {
        let most = backend.state.most.load(SeqCst);
        assert!(
            (10..=30).contains(&most),
            "{most} of 60 calls at one of three"
        );
    }
}

#[tokio::test]
async fn pick_first_keeps_to_one_instance_until_it_is_gone() {
    let [first, second, third] = three().await;
    let channel = channel(json!({
        "endpoints": [first.address, second.address, third.address],
        "load_balancing": { "policy": "pick_first" },
    }));
    for _ in 0..20 {
        call(&channel, "").await.expect("a server");
    }
    assert_eq!((first.calls(), second.calls(), third.calls()), (20, 0, 0));
    first.kill().await;
    until_ok(&channel, Duration::from_secs(5)).await;
    assert_eq!((second.calls(), third.calls()), (1, 0));
}

#[tokio::test]
async fn a_thousand_calls_share_the_streams_that_a_server_allows() {
    let config = serde_json::from_value(json!({ "max_concurrent_streams": 100 }));
    let backend = Backend::start_with("127.0.0.1:0", &config.expect("a config")).await;
    let channel = to(&[&backend.address]);
    let calls = (0..1000).map(|_| call(&channel, "sleep:20"));
    let ended = futures_util::future::join_all(calls).await;
    let failed: Vec<_> = ended
        .iter()
        .filter_map(|ended| ended.as_ref().err())
        .collect();
    assert!(
        failed.is_empty(),
        "{} failed: {:?}",
        failed.len(),
        failed[0]
    );
    assert!(backend.state.most.load(SeqCst) <= 100);
    assert_eq!(backend.calls(), 1000);
}

#[tokio::test]
async fn a_socket_in_the_file_system_is_a_target() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = format!("unix://{}", folder.path().join("a.sock").display());
    let _backend = Backend::start_at(&target).await;
    let channel = carml_client::Channel::to(&target).expect("a target");
    assert_eq!(call(&channel, "").await.expect("a server"), 1);
}

#[tokio::test]
async fn all_addresses_of_a_name_are_instances() {
    let backend = Backend::start().await;
    let (_, port) = backend.address.rsplit_once(':').expect("a port");
    let channel = channel(json!({ "target": format!("dns:///localhost:{port}") }));
    until_ok(&channel, Duration::from_secs(5)).await;
    let host = &backend.state.metadata.lock().expect("metadata")[0];
    assert!(host.get("user-agent").is_some());
}
