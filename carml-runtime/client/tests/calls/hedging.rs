//! Attempts that do not wait for each other.

use std::{
    sync::atomic::Ordering::SeqCst,
    time::{Duration, Instant},
};

use carml_client::Channel;
use serde_json::{Value, json};
use tonic::Code;

use crate::support::{Backend, RawServer, Then, call, call_within, channel};

fn hedged(addresses: &[&str], policy: &Value) -> Channel {
    channel(json!({
        "endpoints": addresses,
        "load_balancing": { "policy": "round_robin" },
        "method_config": [{ "name": [{}], "hedging_policy": policy }],
    }))
}

#[tokio::test]
async fn a_slow_instance_does_not_delay_a_call() {
    let silent = RawServer::start(|_| Then::Silence).await;
    let backend = Backend::start().await;
    let policy = json!({ "max_attempts": 2, "hedging_delay": "30ms" });
    let channel = hedged(&[&silent.address, &backend.address], &policy);
    let begun = Instant::now();
    for _ in 0..20 {
        call(&channel, "").await.expect("the other one");
    }
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert_eq!(backend.calls(), 20);
    let metadata = backend.state.metadata.lock().expect("metadata");
    let second = metadata
        .iter()
        .filter(|one| one.get("grpc-previous-rpc-attempts").is_some());
    assert!(
        second.count() >= 5,
        "half of the calls begin at the silent one"
    );
}

#[tokio::test]
async fn there_are_no_more_attempts_than_the_policy_has_and_all_but_one_are_cancelled() {
    let backend = Backend::start().await;
    let policy = json!({ "max_attempts": 3, "hedging_delay": "20ms" });
    let channel = hedged(&[&backend.address], &policy);
    call(&channel, "sleep:400").await.expect("a server");
    assert_eq!(backend.calls(), 3);
    for _ in 0..100 {
        if backend.state.cancelled.load(SeqCst) == 2 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{} are cancelled", backend.state.cancelled.load(SeqCst));
}

#[tokio::test]
async fn a_status_that_is_not_fatal_sends_the_next_attempt_at_once() {
    let broken = RawServer::start(|_| Then::Http(503)).await;
    let backend = Backend::start().await;
    let policy = json!({ "max_attempts": 2, "hedging_delay": "20s" });
    let channel = hedged(&[&broken.address, &backend.address], &policy);
    let begun = Instant::now();
    for _ in 0..10 {
        call(&channel, "").await.expect("the other one");
    }
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert_eq!(backend.calls(), 10);
}

#[tokio::test]
async fn a_fatal_status_ends_the_call_and_the_last_of_others_is_its_answer() {
    let backend = Backend::start().await;
    let policy = json!({ "max_attempts": 3, "hedging_delay": "20s" });
    let channel = hedged(&[&backend.address], &policy);
    let status = call(&channel, "fail:3").await.expect_err("fatal");
    assert_eq!((status.code(), backend.calls()), (Code::InvalidArgument, 1));
    let status = call(&channel, "fail:14").await.expect_err("each attempt");
    assert_eq!((status.code(), backend.calls()), (Code::Unavailable, 4));
}

#[tokio::test]
async fn the_server_says_when_and_whether_there_is_another_attempt() {
    let backend = Backend::start().await;
    let policy = json!({ "max_attempts": 3, "hedging_delay": "20s" });
    let channel = hedged(&[&backend.address], &policy);
    call(&channel, "fail_pushback:14:-1")
        .await
        .expect_err("it fails");
    assert_eq!(backend.calls(), 1);
    let begun = Instant::now();
    call(&channel, "fail_pushback:14:100")
        .await
        .expect_err("it fails");
    assert_eq!(backend.calls(), 4);
    assert!(begun.elapsed() >= Duration::from_millis(200));
}

#[tokio::test]
async fn only_the_first_attempt_is_sent_while_most_calls_fail() {
    let backend = Backend::start().await;
    let channel = channel(json!({
        "endpoints": [backend.address],
        "retry_throttling": { "max_tokens": 4, "token_ratio": 1.0 },
        "method_config": [{ "name": [{}], "hedging_policy": {
            "max_attempts": 2, "hedging_delay": "10ms" } }],
    }));
    for _ in 0..4 {
        call(&channel, "fail:14").await.expect_err("it fails");
    }
    let before = backend.calls();
    call(&channel, "sleep:100")
        .await
        .expect("the first attempt");
    assert_eq!(backend.calls() - before, 1);
}

#[tokio::test]
async fn a_call_ends_at_its_deadline_with_all_its_attempts() {
    let silent = RawServer::start(|_| Then::Silence).await;
    let policy = json!({ "max_attempts": 3, "hedging_delay": "20ms" });
    let channel = hedged(&[&silent.address], &policy);
    let ended = call_within(&channel, "", Duration::from_millis(300)).await;
    assert_eq!(ended.expect_err("silence").code(), Code::DeadlineExceeded);
    assert_eq!(silent.calls(), 3);
}
