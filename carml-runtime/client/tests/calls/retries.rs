//! Retries with a policy, and those that need none.

use std::time::{Duration, Instant};

use h2::Reason;
use serde_json::{Value, json};
use tonic::Code;

use crate::support::{Backend, RawServer, Then, call, channel, to};

fn with_policy(addresses: &[&str], codes: &[&str], more: &Value) -> carml_client::Channel {
    let mut target = json!({
        "endpoints": addresses,
        "method_config": [{ "name": [{}], "retry_policy": {
            "max_attempts": 4, "initial_backoff": "20ms", "retryable_status_codes": codes } }],
    });
    if let (Some(target), Some(more)) = (target.as_object_mut(), more.as_object()) {
        target.extend(more.clone());
    }
    channel(target)
}

#[tokio::test]
async fn a_code_of_the_policy_is_retried_and_the_attempts_are_counted() {
    let backend = Backend::start().await;
    let channel = with_policy(&[&backend.address], &["ABORTED"], &json!({}));
    assert_eq!(
        call(&channel, "fail_times:2:10:a").await.expect("a retry"),
        1
    );
    let metadata = backend.state.metadata.lock().expect("metadata");
    let attempts = metadata.iter().map(|metadata| {
        let before = metadata.get("grpc-previous-rpc-attempts");
        before.map(|before| before.to_str().expect("text").to_owned())
    });
    let attempts: Vec<_> = attempts.collect();
    assert_eq!(attempts, [None, Some("1".to_owned()), Some("2".to_owned())]);
}

#[tokio::test]
async fn attempts_end_with_the_policy_and_other_codes_are_not_retried() {
    let backend = Backend::start().await;
    let channel = with_policy(&[&backend.address], &["ABORTED"], &json!({}));
    let status = call(&channel, "fail:10")
        .await
        .expect_err("it fails always");
    assert_eq!(
        (status.code(), status.message()),
        (Code::Aborted, "as asked")
    );
    assert_eq!(backend.calls(), 4);
    let status = call(&channel, "fail:3").await.expect_err("it fails always");
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(backend.calls(), 5);
    let without = to(&[&backend.address]);
    call(&without, "fail:10")
        .await
        .expect_err("it fails always");
    assert_eq!(backend.calls(), 6);
}

#[tokio::test]
async fn the_server_says_when_and_whether_there_is_a_retry() {
    let backend = Backend::start().await;
    let channel = with_policy(&[&backend.address], &["UNAVAILABLE"], &json!({}));
    let begun = Instant::now();
    call(&channel, "fail_pushback:14:100")
        .await
        .expect_err("it fails always");
    assert_eq!(backend.calls(), 4);
    assert!(begun.elapsed() >= Duration::from_millis(300));
    call(&channel, "fail_pushback:14:-1")
        .await
        .expect_err("it fails always");
    assert_eq!(backend.calls(), 5);
}

#[tokio::test]
async fn retries_stop_while_most_calls_fail() {
    let backend = Backend::start().await;
    let throttling = json!({ "retry_throttling": { "max_tokens": 4, "token_ratio": 1.0 } });
    let channel = with_policy(&[&backend.address], &["ABORTED"], &throttling);
    // One retry leaves 2 of 4 tokens: not more than half.
    call(&channel, "fail:10")
        .await
        .expect_err("it fails always");
    assert_eq!(backend.calls(), 2);
    call(&channel, "fail:10")
        .await
        .expect_err("it fails always");
    assert_eq!(backend.calls(), 3);
    for _ in 0..4 {
        call(&channel, "").await.expect("a server");
    }
    call(&channel, "fail:10")
        .await
        .expect_err("it fails always");
    assert_eq!(backend.calls(), 9);
}

#[tokio::test]
async fn an_answer_that_has_begun_is_not_retried() {
    let server = RawServer::start(|_| Then::CloseMidway).await;
    let channel = with_policy(&[&server.address], &["UNAVAILABLE"], &json!({}));
    let status = call(&channel, "").await.expect_err("it ends midway");
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    assert_eq!(server.calls(), 1);
}

#[tokio::test]
async fn a_retry_goes_to_another_instance() {
    let (one, other) = (
        RawServer::start(|_| Then::Http(503)).await,
        Backend::start().await,
    );
    let channel = with_policy(
        &[&one.address, &other.address],
        &["UNAVAILABLE"],
        &json!({}),
    );
    for _ in 0..20 {
        call(&channel, "").await.expect("the other one");
    }
    assert_eq!(other.calls(), 20);
}

#[tokio::test]
async fn a_refused_stream_is_sent_again_once_without_a_policy() {
    let once = |n| match n {
        0 => Then::Reset(Reason::REFUSED_STREAM),
        _ => Then::Ok,
    };
    let server = RawServer::start(once).await;
    let channel = to(&[&server.address]);
    call(&channel, "").await.expect("it is sent again");
    assert_eq!(server.calls(), 2);

    let server = RawServer::start(|_| Then::Reset(Reason::REFUSED_STREAM)).await;
    let channel = to(&[&server.address]);
    let status = call(&channel, "").await.expect_err("always refused");
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(server.calls(), 2);
}
