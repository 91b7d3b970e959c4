//! Middlewares of a client's chain, and where they are.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use carml_client::Error;
use carml_discovery::{MemoryDirectory, Resolver};
use serde_json::{Value, json};
use tonic::Code;

use crate::support::{Backend, RawServer, SERVICE, Then, call, chained, clients};

fn to(address: &str) -> Value {
    json!({ "endpoints": [address] })
}

fn with_retries(address: &str, codes: &[&str]) -> Value {
    json!({
        "endpoints": [address],
        "method_config": [{ "name": [{}], "retry_policy": {
            "max_attempts": 3, "initial_backoff": "10ms", "retryable_status_codes": codes } }],
    })
}

#[tokio::test]
async fn a_timeout_ends_a_call_and_is_sent() {
    let backend = Backend::start().await;
    let channel = chained(&json!([{ "timeout": "150ms" }]), to(&backend.address));
    let begun = Instant::now();
    let status = call(&channel, "sleep:20000").await.expect_err("it is late");
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert!(begun.elapsed() < Duration::from_secs(3));
    let sent = backend.state.metadata.lock().expect("metadata");
    let timeout = sent[0].get("grpc-timeout").expect("a timeout");
    let micros = timeout.to_str().expect("text").trim_end_matches(['u', 'n']);
    assert!(micros.parse::<u64>().expect("a number") > 0, "{timeout:?}");
}

#[tokio::test]
async fn what_is_inside_of_retry_applies_to_each_attempt() {
    let silent_once = |n| if n == 0 { Then::Silence } else { Then::Ok };
    let codes = ["DEADLINE_EXCEEDED"];
    let server = RawServer::start(silent_once).await;
    let inside = json!(["retry", { "timeout": "200ms" }]);
    let channel = chained(&inside, with_retries(&server.address, &codes));
    call(&channel, "").await.expect("the second attempt");
    assert_eq!(server.calls(), 2);

    let server = RawServer::start(silent_once).await;
    let outside = json!([{ "timeout": "200ms" }, "retry"]);
    let channel = chained(&outside, with_retries(&server.address, &codes));
    let status = call(&channel, "").await.expect_err("the call is late");
    assert_eq!((status.code(), server.calls()), (Code::DeadlineExceeded, 1));
}

#[tokio::test]
async fn calls_are_sent_again_through_what_is_inside_of_retry() {
    let once = |n| match n {
        0 => Then::Reset(h2::Reason::REFUSED_STREAM),
        1 => Then::Http(503),
        _ => Then::Ok,
    };
    let server = RawServer::start(once).await;
    let chain = json!(["recover", "retry", { "max_message_size": "1kb" }]);
    let channel = chained(&chain, with_retries(&server.address, &["UNAVAILABLE"]));
    call(&channel, "").await.expect("it is sent again");
    assert_eq!(server.calls(), 3);
}

#[tokio::test]
async fn a_circuit_breaker_spares_a_target_whose_calls_fail_and_lets_it_back() {
    let is_well = Arc::new(AtomicBool::new(false));
    let health = Arc::clone(&is_well);
    let then = move |_| {
        if health.load(SeqCst) {
            Then::Ok
        } else {
            Then::Http(503)
        }
    };
    let server = RawServer::start(then).await;
    let chain = json!([{ "circuit_breaker": { "window": "500ms", "min_calls": 10 } }]);
    let channel = chained(&chain, to(&server.address));
    let mut refused = 0;
    for _ in 0..200 {
        let status = call(&channel, "").await.expect_err("it fails");
        assert_eq!(status.code(), Code::Unavailable);
        refused += usize::from(status.message().contains("circuit breaker is open"));
    }
    assert!(refused > 100, "{refused} of 200 are refused");
    assert!(server.calls() < 100, "{} calls", server.calls());
    is_well.store(true, SeqCst);
    let begun = Instant::now();
    let mut in_a_row = 0;
    while in_a_row < 50 {
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "{} calls",
            server.calls()
        );
        in_a_row = match call(&channel, "").await {
            Ok(_) => in_a_row + 1,
            Err(_) => 0,
        };
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_circuit_breaker_counts_no_answers_to_the_request() {
    let backend = Backend::start().await;
    let chain = json!([{ "circuit_breaker": { "min_calls": 5 } }]);
    let channel = chained(&chain, to(&backend.address));
    for _ in 0..50 {
        let status = call(&channel, "fail:5").await.expect_err("not found");
        assert_eq!(status.code(), Code::NotFound);
    }
    assert_eq!(backend.calls(), 50);
}

#[tokio::test]
async fn a_secret_is_sent_and_not_to_a_target_that_may_be_elsewhere() {
    let backend = Backend::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("token");
    std::fs::write(&path, "from-a-file\n").expect("a file");
    for (auth, expected) in [
        (json!({ "bearer": "hunter2" }), "Bearer hunter2"),
        (json!({ "token_path": path }), "Bearer from-a-file"),
    ] {
        let channel = chained(&json!([{ "auth": auth }]), to(&backend.address));
        call(&channel, "").await.expect("a server");
        let sent = backend.state.metadata.lock().expect("metadata");
        let last = sent.last().expect("a call").get("authorization");
        assert_eq!(last.expect("a secret").to_str().expect("text"), expected);
    }
    let directory = MemoryDirectory::default();
    let resolver = Resolver::new(Arc::new(directory));
    for target in [
        json!({}),
        json!({ "target": "dns:///billing.internal:50051" }),
        json!({ "endpoints": ["127.0.0.1:1", "10.0.0.5:1"] }),
    ] {
        let chain = json!([{ "auth": { "bearer": "hunter2" } }]);
        let clients = clients(&chain, target, Some(resolver.clone()));
        let error = clients.channel(SERVICE).expect_err("no TLS");
        assert!(matches!(error, Error::Chain(_)), "{error}");
        assert!(error.to_string().contains("has no `tls`"), "{error}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}

#[tokio::test]
async fn auth_needs_one_secret() {
    for (auth, why) in [
        (json!({}), "expected one of"),
        (
            json!({ "bearer": "a", "token_path": "b" }),
            "expected one of",
        ),
        (json!({ "token_path": "/does/not/exist" }), "No such file"),
        (json!({ "bearer": "line\nbreak" }), "a header may not have"),
    ] {
        let clients = clients(&json!([{ "auth": auth }]), to("127.0.0.1:1"), None);
        let error = clients.channel(SERVICE).expect_err("no secret");
        assert!(error.to_string().contains(why), "{error}");
    }
}
