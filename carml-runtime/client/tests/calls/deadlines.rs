//! A call ends at its deadline, whatever it waits for.

use std::{
    sync::atomic::Ordering::SeqCst,
    time::{Duration, Instant},
};

use carml_grpc::CallContext;
use serde_json::json;
use tonic::Code;

use crate::support::{Backend, RawServer, Then, call, call_within, channel, to};

const SHORT: Duration = Duration::from_millis(150);

fn is_soon(begun: Instant) -> bool {
    begun.elapsed() >= SHORT && begun.elapsed() < SHORT * 10
}

#[tokio::test]
async fn a_call_that_waits_for_its_answer_ends_at_its_deadline() {
    let backend = Backend::start().await;
    let channel = to(&[&backend.address]);
    let begun = Instant::now();
    let ended = call_within(&channel, "sleep:20000", SHORT).await;
    assert_eq!(
        ended.expect_err("it is late").code(),
        Code::DeadlineExceeded
    );
    assert!(is_soon(begun));
    // The server knows, too.
    for _ in 0..100 {
        if backend.state.cancelled.load(SeqCst) == 1 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the handler goes on");
}

#[tokio::test]
async fn a_call_that_waits_for_a_connection_ends_at_its_deadline() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let channel = to(&[&address]);
    let begun = Instant::now();
    let ended = call_within(&channel, "", SHORT).await;
    assert_eq!(
        ended.expect_err("it is late").code(),
        Code::DeadlineExceeded
    );
    assert!(is_soon(begun));
}

#[tokio::test]
async fn a_call_that_waits_for_a_retry_ends_at_its_deadline() {
    let server = RawServer::start(|_| Then::Http(503)).await;
    let channel = channel(json!({
        "endpoints": [server.address],
        "method_config": [{ "name": [{}], "retry_policy": {
            "max_attempts": 5, "initial_backoff": "10s", "max_backoff": "10s",
            "retryable_status_codes": ["UNAVAILABLE"] } }],
    }));
    let begun = Instant::now();
    let ended = call_within(&channel, "", SHORT).await;
    assert_eq!(
        ended.expect_err("it is late").code(),
        Code::DeadlineExceeded
    );
    assert!(is_soon(begun));
    assert_eq!(server.calls(), 1);
}

#[tokio::test]
async fn the_timeout_of_a_method_is_sent_and_the_earliest_deadline_applies() {
    let backend = Backend::start().await;
    let channel = channel(json!({
        "endpoints": [backend.address],
        "method_config": [
            { "name": [{ "service": "grpc.health.v1.Health", "method": "Check" }], "timeout": "10s" },
        ],
    }));
    call(&channel, "").await.expect("a server");
    call_within(&channel, "", Duration::from_secs(5))
        .await
        .expect("a server");
    let mut context = CallContext::default();
    context.limit(tokio::time::Instant::now() + Duration::from_secs(2));
    context.wrap(call(&channel, "")).await.expect("a server");
    let sent = backend.state.metadata.lock().expect("metadata");
    let micros = sent.iter().map(|metadata| {
        let timeout = metadata.get("grpc-timeout").expect("a timeout");
        let timeout = timeout.to_str().expect("text").strip_suffix('u');
        timeout
            .expect("microseconds")
            .parse::<u64>()
            .expect("a number")
    });
    let micros: Vec<_> = micros.collect();
    for (micros, most) in micros.iter().zip([10_000_000, 5_000_000, 2_000_000]) {
        assert!(
            (most - 1_500_000..=most).contains(micros),
            "{micros} of {most}"
        );
    }
}

#[tokio::test]
async fn the_calls_of_a_handler_end_with_it() {
    let backend = Backend::start().await;
    let channel = to(&[&backend.address]);
    call(&channel, "").await.expect("a server");
    let handler = tokio::spawn({
        let channel = channel.clone();
        async move { call(&channel, "sleep:20000").await }
    });
    while backend.state.in_progress.load(SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    handler.abort();
    while backend.state.cancelled.load(SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
