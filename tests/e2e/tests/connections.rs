//! The limits and times of connections.
#![allow(clippy::unwrap_used)]

mod support;

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use carml_test_e2e::{proto::carml::test::v1::EchoClient, slow};
use serde_json::json;
use support::{client, line, start};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tonic::Code;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
const PATIENCE: Duration = Duration::from_secs(5);

/// Sends this, and waits until the server closes: the time, and what it sent.
async fn closed(address: SocketAddr, bytes: &[u8]) -> (Duration, Vec<u8>) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let begun = Instant::now();
    let mut received = Vec::new();
    let closed = timeout(PATIENCE, stream.read_to_end(&mut received));
    let _ = closed.await.expect("the server closes");
    (begun.elapsed(), received)
}

/// Whether the bytes have a GOAWAY frame.
fn has_goaway(mut bytes: &[u8]) -> bool {
    while let [a, b, c, kind, ..] = *bytes {
        if kind == 7 {
            return true;
        }
        let len = u32::from_be_bytes([0, a, b, c]) as usize;
        bytes = bytes.get(9 + len..).unwrap_or_default();
    }
    false
}

#[tokio::test]
async fn a_handshake_has_its_time() {
    let server = json!({ "handshake_timeout": "300ms" });
    let (_running, address) = start(json!([]), server).await;
    for bytes in [&b""[..], b"PRI * HTTP/2"] {
        let (time, _) = closed(address, bytes).await;
        assert!(time > Duration::from_millis(250) && time < Duration::from_secs(2));
    }
}

#[tokio::test]
async fn peers_that_say_nothing_do_not_delay_a_drain() {
    let (running, address) = start(json!([]), json!({ "handshake_timeout": "60s" })).await;
    let mut peers = Vec::new();
    // In the handshake; after it, and silent to PINGs; with a client that is idle.
    for bytes in [&b""[..], b"PRI * HTTP/2", PREFACE] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        peers.push(stream);
    }
    let mut idle = client(address).await;
    idle.say(line("hello", 0)).await.unwrap();
    let begun = Instant::now();
    running.drain();
    timeout(PATIENCE, running.ended()).await.expect("it drains");
    assert!(begun.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn a_drain_waits_for_calls_and_a_cut_does_not() {
    let (running, address) = start(json!([]), json!({})).await;
    let mut caller = client(address).await;
    let call = tokio::spawn(async move { caller.say(slow(700)).await });
    tokio::time::sleep(Duration::from_millis(200)).await;
    running.drain();
    timeout(PATIENCE, running.ended()).await.expect("it drains");
    assert_eq!(call.await.unwrap().unwrap().into_inner().text, "slow");

    let (log, _guard) = support::Log::capture();
    let (running, address) = start(json!(["logging"]), json!({})).await;
    let mut caller = client(address).await;
    let call = tokio::spawn(async move { caller.say(slow(60_000)).await });
    tokio::time::sleep(Duration::from_millis(200)).await;
    let begun = Instant::now();
    running.cut().await;
    assert!(begun.elapsed() < Duration::from_secs(1));
    // The line is written by then.
    let lines = log.events("carml::rpc");
    assert_eq!(lines[0]["fields"]["rpc.status_code"], "CANCELLED");
    assert!(call.await.unwrap().is_err());
}

#[tokio::test]
async fn an_old_connection_ends_once_its_calls_have_or_the_grace_is_over() {
    let server = json!({ "max_connection_age": "300ms", "max_connection_age_grace": "1s" });
    let (_running, address) = start(json!([]), server).await;
    let (_, received) = closed(address, PREFACE).await;
    assert!(has_goaway(&received));

    // Calls in progress end; those after it are on another connection.
    let mut caller = client(address).await;
    for _ in 0..10 {
        caller.say(slow(100)).await.unwrap();
    }
    let begun = Instant::now();
    let error = caller.say(slow(60_000)).await.unwrap_err();
    assert_ne!(error.code(), Code::Ok);
    assert!(begun.elapsed() > Duration::from_secs(1) && begun.elapsed() < PATIENCE);
}

#[tokio::test]
async fn an_idle_connection_is_closed_and_one_with_a_call_is_not() {
    let server = json!({ "max_connection_idle": "300ms" });
    let (_running, address) = start(json!([]), server).await;
    let (_, received) = closed(address, PREFACE).await;
    assert!(has_goaway(&received));
    client(address).await.say(slow(1_000)).await.unwrap();
}

#[tokio::test]
async fn a_peer_that_does_not_answer_pings_is_closed() {
    let server = json!({ "keepalive": { "interval": "200ms", "timeout": "200ms" } });
    let (_running, address) = start(json!([]), server).await;
    let (time, _) = closed(address, PREFACE).await;
    assert!(time > Duration::from_millis(350) && time < Duration::from_secs(3));
    // One that answers them is not, however long it is idle.
    let mut caller = client(address).await;
    caller.say(slow(1_000)).await.unwrap();
    tokio::time::sleep(Duration::from_millis(700)).await;
    caller.say(line("still here", 0)).await.unwrap();
}

#[tokio::test]
async fn more_connections_than_allowed_are_closed_at_once() {
    let (_running, address) = start(json!([]), json!({ "max_connections": 2 })).await;
    let mut first = client(address).await;
    let second = client(address).await;
    let (time, _) = closed(address, b"").await;
    assert!(time < Duration::from_secs(1));
    first.say(line("hello", 0)).await.unwrap();
    drop(second);
    let begun = Instant::now();
    loop {
        if let Ok(mut third) = EchoClient::connect(format!("http://{address}")).await
            && third.say(line("hello", 0)).await.is_ok()
        {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "there is room again");
    }
}

#[tokio::test]
async fn more_calls_than_streams_wait_at_the_client() {
    let (_running, address) = start(json!([]), json!({ "max_concurrent_streams": 2 })).await;
    let mut caller = client(address).await;
    // By then it knows the limit.
    caller.say(line("hello", 0)).await.unwrap();
    let begun = Instant::now();
    let calls = (0..6).map(|_| {
        let mut caller = caller.clone();
        async move { caller.say(slow(200)).await }
    });
    for answer in futures_util::future::join_all(calls).await {
        answer.unwrap();
    }
    assert!(
        begun.elapsed() >= Duration::from_millis(600),
        "two at a time"
    );
}

#[tokio::test]
async fn requests_over_the_budget_are_refused_and_later_ones_are_not() {
    let chain = json!([{ "max_message_size": "500mb" }]);
    let (_running, address) = start(chain, json!({ "message_budget": "1mib" })).await;
    let mut caller = client(address).await;
    let large = line(&"x".repeat(2_000_000), 0);
    let error = caller.say(large).await.unwrap_err();
    assert_eq!(error.code(), Code::ResourceExhausted, "{error}");
    let pushback = error.metadata().get("grpc-retry-pushback-ms");
    assert_eq!(pushback.unwrap(), "1000");
    caller.say(line(&"x".repeat(500_000), 0)).await.unwrap();
}

#[tokio::test]
async fn streams_that_wait_do_not_take_the_room_of_other_clients() {
    let (_running, address) = start(json!([]), json!({ "message_budget": "1mib" })).await;
    // Each says that a message of 500 MB begins, and sends none of it.
    let begun = bytes::Bytes::from_static(&[0, 0x1d, 0xcd, 0x65, 0]);
    let mut waiting = Vec::new();
    let mut refused = 0;
    for _ in 0..4 {
        let stream = TcpStream::connect(address).await.unwrap();
        let (mut client, connection) = h2::client::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        for _ in 0..100 {
            let join = http::Request::post("http://test/carml.test.v1.Echo/Join")
                .header("content-type", "application/grpc")
                .body(())
                .unwrap();
            client = client.ready().await.unwrap();
            let (mut answer, mut stream) = client.send_request(join, false).unwrap();
            let _ = stream.send_data(begun.clone(), false);
            match timeout(Duration::from_millis(1), &mut answer).await {
                Ok(answer) => {
                    assert_eq!(answer.unwrap().headers()["grpc-status"], "8");
                    refused += 1;
                }
                Err(_) => waiting.push((answer, stream)),
            }
        }
    }
    assert!(refused > 200, "the budget is taken: {refused}");
    let mut other = client(address).await;
    for _ in 0..10 {
        other.say(line("served", 0)).await.unwrap();
    }
}

/// Makes the server reset this many streams of one connection: each sends more than it says. Then
/// whether the connection still takes calls.
async fn lives_after_resets(address: SocketAddr, resets: usize) -> bool {
    let stream = TcpStream::connect(address).await.unwrap();
    let (client, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    let request = |length: &str| {
        http::Request::post("http://test/carml.test.v1.Echo/Say")
            .header("content-type", "application/grpc")
            .header("content-length", length)
            .body(())
            .unwrap()
    };
    for _ in 0..resets {
        let Ok(mut ready) = client.clone().ready().await else {
            return false;
        };
        let Ok((answer, mut body)) = ready.send_request(request("1"), false) else {
            return false;
        };
        let _ = body.send_data(bytes::Bytes::from_static(&[0; 10]), true);
        assert!(answer.await.is_err(), "the stream is reset");
    }
    let Ok(mut ready) = client.ready().await else {
        return false;
    };
    let Ok((answer, mut body)) = ready.send_request(request("5"), false) else {
        return false;
    };
    let _ = body.send_data(bytes::Bytes::from_static(&[0; 5]), true);
    answer.await.is_ok()
}

#[tokio::test]
async fn a_client_that_makes_too_many_errors_loses_its_connection() {
    let server = json!({ "max_local_error_resets": 5 });
    let (_running, address) = start(json!([]), server).await;
    assert!(lives_after_resets(address, 4).await);
    assert!(!lives_after_resets(address, 10).await);
    // Others are served, and by default there may be many.
    client(address).await.say(line("hello", 0)).await.unwrap();
    let (_running, address) = start(json!([]), json!({})).await;
    assert!(lives_after_resets(address, 2_000).await);
}
