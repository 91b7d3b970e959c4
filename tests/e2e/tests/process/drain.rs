//! Drain and exit of a process.

use std::time::{Duration, Instant};

use carml_test_e2e::{line, slow};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

use crate::server::Server;

const SERVING: i32 = 1;
const NOT_SERVING: i32 = 2;

#[tokio::test]
async fn sigterm_sets_health_first_and_waits_for_calls() {
    let server = Server::start("    shutdown: { settle: 600ms }\n");
    let mut client = server.echo().await;
    let channel = server.channel().await;
    let request = HealthCheckRequest::default();
    let mut watch = HealthClient::new(channel.clone());
    let mut watch = watch.watch(request).await.unwrap().into_inner();
    let first = watch.message().await.unwrap().unwrap();
    assert_eq!(first.status, SERVING);
    let (call, mut other) = (client.clone(), client.clone());
    let in_flight = tokio::spawn(async move { { call }.say(slow(1_500)).await });
    tokio::time::sleep(Duration::from_millis(300)).await;

    server.signal("TERM");
    let update = watch.message().await.unwrap().unwrap();
    assert_eq!(update.status, NOT_SERVING);
    // Calls of clients that have not seen it yet are still answered.
    other.say(line("late", 0)).await.unwrap();
    assert!(!in_flight.is_finished());

    let answer = in_flight.await.unwrap();
    assert_eq!(answer.unwrap().into_inner().text, "slow");
    let end = server.end().await;
    assert_eq!((end.code, &*end.stderr), (Some(0), ""));
    assert!(
        client.say(slow(0)).await.is_err(),
        "nothing listens any more"
    );
}

#[tokio::test]
async fn a_second_signal_ends_the_process_at_once() {
    for (first, second) in [("TERM", "TERM"), ("INT", "TERM")] {
        let mut server = Server::start("    shutdown: { deadline: 60s }\n");
        let mut client = server.echo().await;
        let in_flight = tokio::spawn(async move { client.say(slow(60_000)).await });
        tokio::time::sleep(Duration::from_millis(300)).await;
        server.signal(first);
        server.line(|line| line["message"] == "draining");
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(server.runs(), "the drain waits for the call");

        let begun = Instant::now();
        server.signal(second);
        let end = server.end().await;
        assert!(begun.elapsed() < Duration::from_secs(5));
        assert_eq!(end.code, Some(1), "a call was cut off: {end:?}");
        assert!(end.stderr.contains("cut off"), "{end:?}");
        assert!(in_flight.await.unwrap().is_err());
    }
}

#[tokio::test]
async fn calls_in_flight_at_the_deadline_are_cut_off() {
    let server = Server::start("    shutdown: { deadline: 300ms }\n");
    let mut client = server.echo().await;
    let in_flight = tokio::spawn(async move { client.say(slow(60_000)).await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    server.signal("TERM");
    let end = server.end().await;
    assert_eq!(end.code, Some(1));
    assert!(end.stderr.contains("300ms"), "{end:?}");
    assert!(in_flight.await.unwrap().is_err());
}

#[tokio::test]
async fn a_handler_that_blocks_its_thread_does_not_block_the_exit() {
    let server = Server::start("    shutdown: { deadline: 300ms }\n");
    let mut client = server.echo().await;
    let stuck = tokio::spawn(async move { client.say(line("block", 60)).await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    let begun = Instant::now();
    server.signal("TERM");
    let end = server.end().await;
    assert!(begun.elapsed() < Duration::from_secs(10), "{end:?}");
    assert_eq!(end.code, Some(1));
    assert!(stuck.await.unwrap().is_err());
}

#[tokio::test]
async fn a_stream_that_the_drain_ends_is_not_logged_as_an_error() {
    let server = Server::start("    middleware: [tracing, logging: { exclude: [] }]\n");
    let mut health = HealthClient::new(server.channel().await);
    let request = HealthCheckRequest::default();
    let mut watch = health.watch(request).await.unwrap().into_inner();
    assert_eq!(watch.message().await.unwrap().unwrap().status, SERVING);
    server.signal("TERM");
    let error = loop {
        match watch.message().await {
            Ok(update) => assert!(update.is_some(), "the stream ended without a status"),
            Err(error) => break error,
        }
    };
    assert_eq!(error.code(), tonic::Code::Unavailable, "{error}");
    let call = server.call();
    assert_eq!(call["fields"]["rpc.status_code"], "UNAVAILABLE");
    assert_eq!(call["level"], "INFO", "{call}");
    assert_eq!(server.end().await.code, Some(0));
}
