//! The status that a client gets when a call fails.

use std::time::{Duration, Instant};

use carml_test_e2e::{line, proto::carml::test::v1::Line};
use prost::Message as _;
use tokio::net::TcpStream;
use tonic::{Code, client::Grpc, codegen::http::uri::PathAndQuery};
use tonic_prost::ProstCodec;

use crate::server::Server;

#[tokio::test]
async fn a_timeout_ends_a_call_and_a_stream() {
    let server = Server::start("    middleware: [logging, timeout: 300ms]\n");
    let mut client = server.echo().await;
    let slow = Line {
        wait_ms: 20_000,
        ..line("slow", 0)
    };
    let error = client.say(slow).await.unwrap_err();
    assert_eq!(error.code(), Code::DeadlineExceeded, "{error}");

    let mut stream = client.repeat(line("endless", u32::MAX)).await.unwrap();
    let begun = Instant::now();
    let error = loop {
        match stream.get_mut().message().await {
            Ok(line) => assert!(line.is_some(), "the stream ended by itself"),
            Err(error) => break error,
        }
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "the stream does not end"
        );
    };
    assert_eq!(error.code(), Code::DeadlineExceeded, "{error}");
    for _ in 0..2 {
        let status = &server.call()["fields"]["rpc.status_code"];
        assert_eq!(status, "DEADLINE_EXCEEDED");
    }
}

#[tokio::test]
async fn the_server_enforces_the_clients_deadline() {
    let server = Server::start("    middleware: [logging]\n");
    // tonic's client would stop waiting by itself, at the same time.
    let connection = TcpStream::connect(server.address()).await.unwrap();
    let (mut client, connection) = h2::client::handshake(connection).await.unwrap();
    tokio::spawn(connection);
    let url = format!("http://{}/carml.test.v1.Echo/Say", server.address());
    let request = http::Request::post(url)
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("grpc-timeout", "300m");
    let (answer, mut body) = client
        .send_request(request.body(()).unwrap(), false)
        .unwrap();
    let slow = Line {
        wait_ms: 20_000,
        ..line("slow", 0)
    };
    let message = slow.encode_to_vec();
    let prefix = [0, 0, 0, 0, u8::try_from(message.len()).unwrap()];
    let data = [&prefix, &*message].concat();
    body.send_data(data.into(), true).unwrap();
    let answer = answer.await.unwrap();
    assert_eq!(answer.headers()["grpc-status"], "4");
    let status = &server.call()["fields"]["rpc.status_code"];
    assert_eq!(status, "DEADLINE_EXCEEDED");
}

#[tokio::test]
async fn a_method_that_is_unknown_is_unimplemented_and_logged() {
    let server = Server::start("    middleware: [logging]\n");
    for path in ["/carml.test.v1.Echo/Shout", "/carml.test.v1.Nobody/Say"] {
        let mut client = Grpc::new(server.channel().await);
        client.ready().await.unwrap();
        let codec = ProstCodec::<Line, Line>::default();
        let request = tonic::Request::new(line("hello", 0));
        let answer = client.unary(request, PathAndQuery::from_static(path), codec);
        assert_eq!(answer.await.unwrap_err().code(), Code::Unimplemented);
        let call = server.call();
        assert_eq!(call["fields"]["rpc.status_code"], "UNIMPLEMENTED");
        // There is no end of names that a client can make up.
        assert_eq!(call["fields"]["rpc.method"], "_OTHER");
        assert_eq!(call["fields"]["rpc.method_original"], path[1..]);
    }
}

#[tokio::test]
async fn a_panic_in_mid_stream_ends_only_that_stream() {
    let server = Server::start("    middleware: [tracing, logging, recover]\n");
    let mut client = server.echo().await;
    let mut other = client.clone();
    let in_flight = tokio::spawn(async move {
        let slow = Line {
            wait_ms: 800,
            ..line("slow", 0)
        };
        other.say(slow).await
    });
    let mut stream = client.repeat(line("panic", 3)).await.unwrap().into_inner();
    assert_eq!(stream.message().await.unwrap().unwrap().count, 0);
    let error = stream.message().await.unwrap_err();
    assert_eq!(
        (error.code(), error.message()),
        (Code::Internal, "internal error")
    );
    let panic = server.line(|line| line["target"] == "carml::panic");
    let stack = panic["fields"]["exception.stacktrace"].as_str().unwrap();
    let first = stack.lines().next().unwrap();
    assert!(first.contains("e2e/src/lib.rs:"), "{stack}");
    assert!(
        stack.len() <= 8 << 10 && !stack.contains("tokio::runtime"),
        "{stack}"
    );
    let call = server.call();
    assert_eq!(call["fields"]["rpc.status_code"], "INTERNAL");
    assert!(call["trace_id"].is_string());
    assert_eq!(panic["trace_id"], call["trace_id"], "both lines name it");
    assert_eq!(panic["span_id"], call["span_id"]);
    // On the same connection.
    assert_eq!(in_flight.await.unwrap().unwrap().into_inner().text, "slow");
}

#[tokio::test]
async fn a_call_after_the_end_is_unavailable() {
    let server = Server::start("    middleware: [logging]\n");
    let mut client = server.echo().await;
    client.say(line("hello", 0)).await.unwrap();
    server.signal("TERM");
    assert_eq!(server.end().await.code, Some(0));
    let error = client.say(line("late", 0)).await.unwrap_err();
    assert_eq!(error.code(), Code::Unavailable, "{error:?}");
}
