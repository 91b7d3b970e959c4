//! Instances that say that they are not healthy.

use std::time::Duration;

use carml_config::model::GrpcServer;
use carml_discovery::MemoryDirectory;
use carml_grpc::server::{Listener, Server};
use serde_json::json;
use tonic::{Code, service::Routes};

use crate::support::{Backend, SERVICE, call, channel, discovered, until_ok};

/// What is known of an instance travels for a moment.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(200)).await;
}

#[tokio::test]
async fn an_instance_that_is_not_serving_gets_no_calls_until_it_is() {
    let (one, other) = (Backend::start().await, Backend::start().await);
    one.set_ill(true);
    let channel = channel(json!({
        "endpoints": [one.address, other.address],
        "health_check": {},
    }));
    until_ok(&channel, Duration::from_secs(5)).await;
    settle().await;
    let before = other.calls();
    for _ in 0..20 {
        call(&channel, "").await.expect("the healthy one");
    }
    assert_eq!((one.calls(), other.calls() - before), (0, 20));
    other.set_ill(true);
    settle().await;
    let status = call(&channel, "").await.expect_err("none is healthy");
    assert_eq!(status.code(), Code::Unavailable);
    assert!(status.message().contains("NOT_SERVING"), "{status}");
    one.set_ill(false);
    settle().await;
    for _ in 0..20 {
        call(&channel, "").await.expect("the healthy one");
    }
    assert_eq!(one.calls(), 20);
}

#[tokio::test]
async fn a_call_in_progress_goes_on_when_its_instance_is_no_longer_healthy() {
    let backend = Backend::start().await;
    let channel = channel(json!({ "endpoints": [backend.address], "health_check": {} }));
    until_ok(&channel, Duration::from_secs(5)).await;
    let long = tokio::spawn({
        let channel = channel.clone();
        async move { call(&channel, "sleep:500").await }
    });
    while backend.calls() < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    backend.set_ill(true);
    settle().await;
    call(&channel, "").await.expect_err("it is not healthy");
    assert_eq!(long.await.expect("no panic").expect("it goes on"), 1);
}

#[tokio::test]
async fn an_instance_without_the_health_service_is_healthy() {
    let listener = Listener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.address().expect("an address").to_string();
    let server = Server::new(&GrpcServer::default());
    let _running = server.start(listener, Routes::default());
    let channel = channel(json!({ "endpoints": [address], "health_check": {} }));
    let status = call(&channel, "").await.expect_err("it has no service");
    assert_eq!(status.code(), Code::Unimplemented, "{status}");
}

#[tokio::test]
async fn discovered_instances_are_asked_unless_the_config_says_no() {
    let backend = Backend::start().await;
    backend.set_ill(true);
    let directory = MemoryDirectory::default();
    directory.set(SERVICE, &[&backend.address]);
    let asked = discovered(&directory, json!({}));
    settle().await;
    let status = call(&asked, "").await.expect_err("it is not healthy");
    assert_eq!(status.code(), Code::Unavailable);
    let not_asked = discovered(&directory, json!({ "health_check": { "enabled": false } }));
    until_ok(&not_asked, Duration::from_secs(5)).await;
}

#[tokio::test]
async fn the_stream_of_health_takes_one_of_the_streams_that_a_server_allows() {
    let config = serde_json::from_value(json!({ "max_concurrent_streams": 5 }));
    let backend = Backend::start_with("127.0.0.1:0", &config.expect("a config")).await;
    let channel = channel(json!({ "endpoints": [backend.address], "health_check": {} }));
    let calls = (0..50).map(|_| call(&channel, "sleep:10"));
    let ended = futures_util::future::join_all(calls).await;
    assert!(ended.iter().all(Result::is_ok), "{ended:?}");
    let most = backend.state.most.load(std::sync::atomic::Ordering::SeqCst);
    assert!(most <= 4, "{most}");
}
