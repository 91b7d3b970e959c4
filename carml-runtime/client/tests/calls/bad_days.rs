//! What goes wrong with servers, and what a call becomes then.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use h2::Reason;
use serde_json::json;
use tonic::Code;

use crate::support::{Backend, RawServer, Then, call, call_within, channel, stream, to, until_ok};

/// An address at which nothing listens.
async fn nowhere() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    listener.local_addr().expect("an address").to_string()
}

#[tokio::test]
async fn an_endpoint_that_refuses_is_unavailable_at_once_and_is_back_within_the_backoff() {
    let address = nowhere().await;
    let channel = to(&[&address]);
    let begun = Instant::now();
    let status = call(&channel, "").await.expect_err("nobody is there");
    assert_eq!(status.code(), Code::Unavailable);
    assert!(begun.elapsed() < Duration::from_secs(1));
    let refused = format!("{address}: {address}: Connection refused (os error 111)");
    assert_eq!(status.message(), refused);
    let _backend = Backend::start_at(&address).await;
    // The first pause is 1.2 s at most, the second 1.92 s.
    until_ok(&channel, Duration::from_secs(4)).await;
}

#[tokio::test]
async fn a_call_that_waits_for_ready_waits_until_the_endpoint_is_there() {
    let address = nowhere().await;
    let channel = channel(json!({
        "endpoints": [address],
        "method_config": [{ "name": [{}], "wait_for_ready": true }],
    }));
    let waiting = tokio::spawn({
        let channel = channel.clone();
        async move { call_within(&channel, "", Duration::from_secs(10)).await }
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    let _backend = Backend::start_at(&address).await;
    waiting.await.expect("no panic").expect("a server");
}

#[tokio::test]
async fn an_endpoint_that_accepts_and_is_silent_is_unavailable_after_the_connect_timeout() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let channel = channel(json!({ "endpoints": [address], "connect_timeout": "300ms" }));
    let begun = Instant::now();
    let status = call(&channel, "").await.expect_err("it is silent");
    assert_eq!(status.code(), Code::Unavailable);
    assert!(status.message().contains("300ms"), "{status}");
    assert!(begun.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn an_endpoint_that_accepts_and_closes_is_not_connected_to_in_a_loop() {
    let server = RawServer::start(|_| Then::Close).await;
    let channel = to(&[&server.address]);
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(1500) {
        let _ = call_within(&channel, "", Duration::from_millis(100)).await;
    }
    assert!(
        server.connections() <= 4,
        "{} connections",
        server.connections()
    );
}

#[tokio::test]
async fn goaway_at_any_moment_fails_no_call() {
    // Every third call is not looked at.
    let every_third = |n| if n % 3 == 2 { Then::GoAway } else { Then::Ok };
    let (one, other) = (
        RawServer::start(every_third).await,
        RawServer::start(|_| Then::Ok).await,
    );
    let channel = to(&[&one.address, &other.address]);
    for n in 0..200 {
        let ended = call(&channel, "").await;
        assert!(ended.is_ok(), "call {n}: {ended:?}");
        if n % 20 == 0 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

#[tokio::test]
async fn the_end_of_a_connection_in_an_answer_is_unavailable() {
    let server = RawServer::start(|_| Then::CloseMidway).await;
    let channel = to(&[&server.address]);
    let (messages, ended) = stream(&channel, "").await;
    let status = ended.expect_err("it ends midway");
    assert_eq!((messages, status.code()), (0, Code::Unavailable));
    assert!(status.message().contains(&server.address), "{status}");
}

#[tokio::test]
async fn an_answer_of_a_proxy_is_what_grpc_makes_of_it() {
    for (status, code) in [
        (400, Code::Internal),
        (401, Code::Unauthenticated),
        (403, Code::PermissionDenied),
        (404, Code::Unimplemented),
        (429, Code::Unavailable),
        (431, Code::Internal),
        (500, Code::Unknown),
        (502, Code::Unavailable),
        (503, Code::Unavailable),
        (504, Code::Unavailable),
        (200, Code::Unknown),
    ] {
        let server = RawServer::start(move |_| Then::Http(status)).await;
        let ended = call(&to(&[&server.address]), "").await;
        assert_eq!(ended.expect_err("no status").code(), code, "{status}");
    }
}

#[tokio::test]
async fn a_reset_stream_is_what_grpc_makes_of_it() {
    for (reason, code) in [
        (Reason::CANCEL, Code::Cancelled),
        (Reason::ENHANCE_YOUR_CALM, Code::ResourceExhausted),
        (Reason::INADEQUATE_SECURITY, Code::PermissionDenied),
        (Reason::INTERNAL_ERROR, Code::Internal),
        (Reason::PROTOCOL_ERROR, Code::Internal),
    ] {
        let server = RawServer::start(move |_| Then::Reset(reason)).await;
        let ended = call(&to(&[&server.address]), "").await;
        assert_eq!(ended.expect_err("a reset").code(), code, "{reason}");
    }
}

#[tokio::test]
async fn an_answer_without_a_status_is_unknown() {
    let server = RawServer::start(|_| Then::NoStatus).await;
    let (messages, ended) = stream(&to(&[&server.address]), "").await;
    assert_eq!(messages, 1);
    assert_eq!(ended.expect_err("no status").code(), Code::Unknown);
}

#[tokio::test]
async fn a_name_that_resolves_to_nothing_is_unavailable() {
    let channel = channel(json!({ "target": "dns:///does-not-exist.invalid:1" }));
    let ended = call_within(&channel, "", Duration::from_secs(15)).await;
    let status = ended.expect_err("there is no such name");
    assert_eq!(status.code(), Code::Unavailable);
    assert!(
        status
            .message()
            .starts_with("dns:///does-not-exist.invalid:1: "),
        "{status}"
    );
}

#[tokio::test]
async fn a_server_that_no_longer_answers_pings_is_left() {
    let frozen = RawServer::start(|_| Then::Freeze).await;
    let channel = channel(json!({
        "endpoints": [frozen.address],
        "keepalive": { "time": "200ms", "timeout": "300ms" },
    }));
    let begun = Instant::now();
    let status = call(&channel, "").await.expect_err("it is frozen");
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn pings_do_not_end_a_long_call_of_a_server_that_answers_them() {
    let silent = RawServer::start(|_| Then::Silence).await;
    let channel = channel(json!({
        "endpoints": [silent.address],
        "keepalive": { "time": "100ms", "timeout": "1s" },
    }));
    let ended = call_within(&channel, "", Duration::from_secs(2)).await;
    assert_eq!(
        ended.expect_err("it is silent").code(),
        Code::DeadlineExceeded
    );
    assert_eq!(silent.connections(), 1);
}

#[tokio::test]
async fn endpoints_that_are_all_gone_are_unavailable_and_come_back_within_the_backoff() {
    let backends = [Backend::start().await, Backend::start().await];
    let addresses = backends.each_ref().map(|backend| backend.address.clone());
    let channel = channel(json!({ "endpoints": addresses }));
    until_ok(&channel, Duration::from_secs(5)).await;
    for backend in backends {
        backend.kill().await;
    }
    let begun = Instant::now();
    let status = loop {
        match call(&channel, "").await {
            Err(status) => break status,
            Ok(_) => assert!(begun.elapsed() < Duration::from_secs(5)),
        }
    };
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    assert!(begun.elapsed() < Duration::from_secs(5));
    let [one, other] = &addresses;
    let _back = [Backend::start_at(one).await, Backend::start_at(other).await];
    until_ok(&channel, Duration::from_secs(8)).await;
}

#[tokio::test]
async fn half_of_the_instances_restarted_at_once_fail_no_call_that_may_be_retried() {
    let mut backends = Vec::new();
    for _ in 0..4 {
        backends.push(Backend::start().await);
    }
    let addresses: Vec<String> = backends.iter().map(|one| one.address.clone()).collect();
    let channel = channel(json!({
        "endpoints": addresses,
        "method_config": [{ "name": [{}], "retry_policy": {
            "max_attempts": 5, "initial_backoff": "10ms",
            "retryable_status_codes": ["UNAVAILABLE"] } }],
    }));
    until_ok(&channel, Duration::from_secs(5)).await;
    let is_over = Arc::new(AtomicBool::new(false));
    let load = tokio::spawn({
        let (channel, is_over) = (channel.clone(), Arc::clone(&is_over));
        async move {
            let mut calls = 0;
            while !is_over.load(SeqCst) {
                let ended = call(&channel, "").await;
                assert!(ended.is_ok(), "call {calls}: {ended:?}");
                calls += 1;
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            calls
        }
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    for backend in backends.drain(..2) {
        backend.kill().await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let back = [
        Backend::start_at(&addresses[0]).await,
        Backend::start_at(&addresses[1]).await,
    ];
    // The second pause is 1.92 s at most.
    let begun = Instant::now();
    while back.iter().any(|backend| backend.calls() == 0) {
        assert!(
            begun.elapsed() < Duration::from_secs(6),
            "one gets no calls"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    is_over.store(true, SeqCst);
    assert!(load.await.expect("no call failed") > 100);
}
