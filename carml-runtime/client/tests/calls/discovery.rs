//! Instances that a registry has.

use std::time::{Duration, Instant};

use carml_discovery::MemoryDirectory;
use serde_json::json;
use tonic::Code;

use crate::support::{Backend, SERVICE, call, call_within, discovered, stream, until_ok};

#[tokio::test]
async fn a_service_that_nobody_serves_is_unavailable_and_found_when_it_is_registered() {
    let directory = MemoryDirectory::default();
    let channel = discovered(&directory, json!({}));
    let begun = Instant::now();
    let status = call(&channel, "").await.expect_err("nobody serves it");
    assert_eq!(status.code(), Code::Unavailable);
    let expected = format!("discovery:///{SERVICE}: no instance is registered");
    assert_eq!(status.message(), expected);
    assert!(begun.elapsed() < Duration::from_secs(2));
    let backend = Backend::start().await;
    directory.set(SERVICE, &[&backend.address]);
    until_ok(&channel, Duration::from_secs(2)).await;
}

#[tokio::test]
async fn an_instance_that_is_gone_gets_no_calls_and_ends_those_that_it_has() {
    let (one, other) = (Backend::start().await, Backend::start().await);
    let directory = MemoryDirectory::default();
    directory.set(SERVICE, &[&one.address]);
    let channel = discovered(&directory, json!({}));
    until_ok(&channel, Duration::from_secs(2)).await;
    let long = tokio::spawn({
        let channel = channel.clone();
        async move { stream(&channel, "stream:200").await }
    });
    while one.calls() < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    directory.set(SERVICE, &[&other.address]);
    tokio::time::sleep(Duration::from_millis(100)).await;
    for _ in 0..20 {
        call(&channel, "").await.expect("the other one");
    }
    assert_eq!((one.calls(), other.calls()), (2, 20));
    let (messages, ended) = long.await.expect("no panic");
    assert_eq!((messages, ended.is_ok()), (200, true));
}

#[tokio::test]
async fn an_empty_answer_keeps_instances_that_are_connected() {
    let backend = Backend::start().await;
    let directory = MemoryDirectory::default();
    directory.set(SERVICE, &[&backend.address]);
    let channel = discovered(&directory, json!({}));
    until_ok(&channel, Duration::from_secs(2)).await;
    directory.set(SERVICE, &[]);
    tokio::time::sleep(Duration::from_millis(100)).await;
    for _ in 0..20 {
        call(&channel, "").await.expect("a known one");
    }
    let other = Backend::start().await;
    directory.set(SERVICE, &[&other.address]);
    tokio::time::sleep(Duration::from_millis(100)).await;
    for _ in 0..20 {
        call(&channel, "").await.expect("the new one");
    }
    assert_eq!(other.calls(), 20);
}

#[tokio::test]
async fn a_registry_that_is_away_changes_nothing() {
    let backend = Backend::start().await;
    let directory = MemoryDirectory::default();
    directory.set(SERVICE, &[&backend.address]);
    let channel = discovered(&directory, json!({}));
    until_ok(&channel, Duration::from_secs(2)).await;
    directory.set_away(true);
    tokio::time::sleep(Duration::from_millis(1500)).await;
    for _ in 0..20 {
        call(&channel, "").await.expect("a known one");
    }
}

#[tokio::test]
async fn a_registry_that_is_away_from_the_start_ends_a_call_at_its_deadline() {
    let directory = MemoryDirectory::default();
    directory.set_away(true);
    let channel = discovered(&directory, json!({ "connect_timeout": "400ms" }));
    let ended = call_within(&channel, "", Duration::from_millis(100)).await;
    assert_eq!(ended.expect_err("unknown").code(), Code::DeadlineExceeded);
    let begun = Instant::now();
    let ended = call(&channel, "").await;
    assert_eq!(ended.expect_err("unknown").code(), Code::Unavailable);
    assert!(begun.elapsed() < Duration::from_secs(2));
}
