//! A whole service: from a config text to calls over a socket and a clean stop.
#![allow(clippy::unwrap_used, missing_docs)]

use std::time::Duration;

use carml_runtime::{
    App, AppError,
    testing::{self, Server},
};
use carml_test_e2e::{
    Parrot,
    config::AppConfig,
    line,
    proto::carml::test::v1::{EchoClient, Line},
};
use tonic::Code;
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

async fn start(yaml: &str) -> Server {
    let app = App::<AppConfig>::new().config_text("carml.yml", yaml);
    let app = app.service(|_| Ok(Parrot));
    testing::start(app).await.expect("the service starts")
}

async fn refused(yaml: &str) -> String {
    let app = App::<AppConfig>::new()
        .config_text("carml.yml", yaml)
        .service(|_| Ok(Parrot));
    app.serve()
        .await
        .expect_err("the config is refused")
        .to_string()
}

#[tokio::test]
async fn a_service_starts_from_a_text_answers_and_stops_cleanly() {
    let running = start("").await;
    let channel = running.channel().await.unwrap();
    let answer = EchoClient::new(channel.clone())
        .say(line("hello", 0))
        .await
        .unwrap();
    assert_eq!(answer.into_inner().text, "hello");

    let mut health = HealthClient::new(channel);
    for service in ["", "carml.test.v1.Echo"] {
        let request = HealthCheckRequest {
            service: service.to_owned(),
        };
        let status = health.check(request).await.unwrap().into_inner().status;
        assert_eq!(status, 1, "{service:?} is SERVING");
    }
    let unknown = HealthCheckRequest {
        service: "no.Such".to_owned(),
    };
    assert_eq!(
        health.check(unknown).await.unwrap_err().code(),
        Code::NotFound
    );
    drop(health);

    running.stop().await.expect("a clean drain");
}

#[tokio::test]
async fn the_config_decides_about_panics_and_message_sizes() {
    let list =
        "grpc:\n  server:\n    middleware:\n      - recover\n      - max_message_size: 1kb\n";
    let running = start(list).await;
    let mut client = EchoClient::new(running.channel().await.unwrap());
    assert_eq!(
        client.say(line("panic", 0)).await.unwrap_err().code(),
        Code::Internal
    );
    assert_eq!(
        client
            .say(line("still running", 0))
            .await
            .unwrap()
            .into_inner()
            .text,
        "still running"
    );
    let large = client.say(line(&"x".repeat(2_000), 0)).await.unwrap_err();
    assert_eq!(large.code(), Code::ResourceExhausted);

    let running = start("grpc:\n  server:\n    middleware: []\n").await;
    let mut client = EchoClient::new(running.channel().await.unwrap());
    assert_ne!(
        client.say(line("panic", 0)).await.unwrap_err().code(),
        Code::Internal,
        "without `recover` the connection breaks"
    );
}

#[tokio::test]
async fn a_call_in_flight_is_drained() {
    let running = start("").await;
    let mut client = EchoClient::new(running.channel().await.unwrap());
    let slow = Line {
        wait_ms: 500,
        ..line("slow", 0)
    };
    let call = tokio::spawn(async move { client.say(slow).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    running.stop().await.expect("a clean drain");
    assert_eq!(call.await.unwrap().unwrap().into_inner().text, "slow");
}

#[tokio::test]
async fn a_drain_ends_at_its_deadline() {
    let yaml = "grpc:\n  server:\n    shutdown:\n      deadline: 200ms\n";
    let running = start(yaml).await;
    let mut client = EchoClient::new(running.channel().await.unwrap());
    let endless = Line {
        wait_ms: 60_000,
        ..line("slow", 0)
    };
    let call = tokio::spawn(async move { client.say(endless).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let ended = tokio::time::timeout(Duration::from_secs(5), running.stop()).await;
    let error = ended.expect("the drain ends").unwrap_err();
    assert!(matches!(error, AppError::Deadline(_)), "{error}");
    let cut = tokio::time::timeout(Duration::from_secs(5), call).await;
    cut.expect("the call is cut off").unwrap().unwrap_err();
}

#[tokio::test]
async fn a_service_whose_future_is_dropped_ends_at_once() {
    let app = App::<AppConfig>::new().config_text("carml.yml", "");
    let app = app.set("grpc.server.listen=127.0.0.1:0");
    let (ready, bound) = tokio::sync::oneshot::channel();
    let running = tokio::spawn(app.service(|_| Ok(Parrot)).ready(ready).serve());
    let address = bound.await.unwrap();
    let mut client = EchoClient::connect(format!("http://{address}"))
        .await
        .unwrap();
    let endless = Line {
        wait_ms: 60_000,
        ..line("slow", 0)
    };
    let call = tokio::spawn(async move { client.say(endless).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    running.abort();
    let cut = tokio::time::timeout(Duration::from_secs(5), call).await;
    cut.expect("the call is cut off").unwrap().unwrap_err();
    let refused = tokio::net::TcpStream::connect(address.tcp().unwrap()).await;
    assert!(refused.is_err(), "nothing listens");
}

#[tokio::test]
async fn an_invalid_config_is_refused_with_places_and_suggestions() {
    let report = refused("grpc:\n  server:\n    lisen: 127.0.0.1:0\necho:\n  prefx: a\n").await;
    for expected in [
        "carml.yml:3:5",
        "did you mean `listen`?",
        "carml.yml:5:3",
        "did you mean `prefix`?",
    ] {
        assert!(report.contains(expected), "missing {expected} in\n{report}");
    }
}

#[tokio::test]
async fn an_address_in_use_is_reported() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let report = refused(&format!("grpc:\n  server:\n    listen: {address}\n")).await;
    assert!(
        report.contains(&format!("cannot listen on {address}")),
        "{report}"
    );
}

/// The services that one version of reflection lists.
macro_rules! listed {
    ($version:ident, $channel:expr) => {{
        use tonic_reflection::pb::$version::{
            ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
            server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
        };
        let request = ServerReflectionRequest {
            host: String::new(),
            message_request: Some(MessageRequest::ListServices(String::new())),
        };
        let mut client = ServerReflectionClient::new($channel);
        let requests = futures_util::stream::iter([request]);
        match client.server_reflection_info(requests).await {
            Err(status) => Err(status),
            Ok(answers) => {
                let answer = answers.into_inner().message().await.unwrap().unwrap();
                match answer.message_response.unwrap() {
                    MessageResponse::ListServicesResponse(list) => {
                        let names = list.service.into_iter().map(|service| service.name);
                        Ok(names.collect::<Vec<String>>())
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
    }};
}

#[tokio::test]
async fn reflection_is_served_in_both_versions_unless_it_is_disabled() {
    let running = start("").await;
    let channel = running.channel().await.unwrap();
    for listed in [listed!(v1, channel.clone()), listed!(v1alpha, channel)] {
        let listed = listed.unwrap();
        for name in ["carml.test.v1.Echo", "grpc.health.v1.Health"] {
            assert!(listed.iter().any(|have| have == name), "{name}: {listed:?}");
        }
    }

    let running = start("grpc:\n  server:\n    reflection: false\n").await;
    let channel = running.channel().await.unwrap();
    for listed in [listed!(v1, channel.clone()), listed!(v1alpha, channel)] {
        assert_eq!(listed.unwrap_err().code(), Code::Unimplemented);
    }
}
