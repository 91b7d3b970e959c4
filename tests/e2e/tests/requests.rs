//! How a request ends, and what it may be: seen by the handler, the client and the log.
#![allow(clippy::unwrap_used)]

mod support;

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;
use carml_test_e2e::proto::carml::test::v1::{EchoClient, Line};
use h2::{Reason, SendStream, client::SendRequest};
use prost::Message as _;
use serde_json::json;
use support::{Log, line, start};
use tokio::net::TcpStream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;

/// Chains in which everything is outermost once.
fn chains() -> Vec<serde_json::Value> {
    vec![
        json!([]),
        json!(["recover", "tracing", "logging"]),
        json!(["recover", "logging", "tracing", { "max_message_size": "500mb" }]),
        json!([{ "timeout": "30s" }, "logging", { "concurrency_limit": { "max": 10 } }, "recover"]),
        json!([{ "max_message_size": "1mb" }, "logging"]),
    ]
}

fn framed(line: &Line) -> Bytes {
    let message = line.encode_to_vec();
    let mut bytes = vec![0];
    bytes.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    bytes.extend(message);
    bytes.into()
}

async fn connect(address: SocketAddr) -> SendRequest<Bytes> {
    let io = TcpStream::connect(address).await.unwrap();
    let (client, connection) = h2::client::handshake(io).await.unwrap();
    tokio::spawn(async move {
        let _ = connection.await;
    });
    client
}

fn post(method: &str) -> http::request::Builder {
    http::Request::post(format!("http://test/carml.test.v1.Echo/{method}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
}

/// A `Join` that has sent one message, and has not ended.
async fn half_a_request(client: &mut SendRequest<Bytes>) -> SendStream<Bytes> {
    let request = post("Join").body(()).unwrap();
    let (answer, mut stream) = client.send_request(request, false).unwrap();
    tokio::spawn(answer);
    stream.send_data(framed(&line("half", 0)), false).unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    stream
}

/// How the handler saw a request with this text end.
async fn seen(text: &str) -> Result<(), Code> {
    let seen = async {
        loop {
            let mut ends = std::mem::take(&mut *carml_test_e2e::ENDS.lock().unwrap());
            let at = ends.iter().position(|(of, _)| of == text);
            let found = at.map(|at| ends.swap_remove(at).1);
            carml_test_e2e::ENDS.lock().unwrap().append(&mut ends);
            if let Some(end) = found {
                return end;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), seen)
        .await
        .expect("the handler sees an end")
}

#[tokio::test]
async fn only_end_stream_ends_a_request_well() {
    for chain in chains() {
        let (log, _guard) = Log::capture();
        let has_log = chain.to_string().contains("logging");
        let (_running, address) = start(chain.clone(), json!({})).await;

        let mut client = connect(address).await;
        let mut stream = half_a_request(&mut client).await;
        stream.send_data(Bytes::new(), true).unwrap();
        assert_eq!(seen("half").await, Ok(()), "{chain}: END_STREAM");

        for reason in [
            Reason::CANCEL,
            Reason::NO_ERROR,
            Reason::INTERNAL_ERROR,
            Reason::REFUSED_STREAM,
        ] {
            let mut stream = half_a_request(&mut client).await;
            stream.send_reset(reason);
            assert_eq!(
                seen("half").await,
                Err(Code::Aborted),
                "{chain}: {reason:?}"
            );
            if has_log {
                let call = log.call().await;
                assert_eq!(call["fields"]["rpc.status_code"], "CANCELLED", "{call}");
                assert_eq!(call["level"], "INFO", "{call}");
            }
        }

        // Connection loss.
        let io = TcpStream::connect(address).await.unwrap();
        let (mut client, connection) = h2::client::handshake(io).await.unwrap();
        let connection = tokio::spawn(connection);
        let _stream = half_a_request(&mut client).await;
        connection.abort();
        assert_eq!(
            seen("half").await,
            Err(Code::Aborted),
            "{chain}: connection loss"
        );
    }
}

#[tokio::test]
async fn a_client_that_gives_up_does_not_complete_its_request() {
    for chain in chains() {
        let (_running, address) = start(chain.clone(), json!({})).await;
        let mut client = EchoClient::connect(format!("http://{address}"))
            .await
            .unwrap();
        let endless = || {
            let (says, said) = tokio::sync::mpsc::channel(1);
            says.try_send(line("part", 0)).unwrap();
            (says, ReceiverStream::new(said))
        };

        let (says, said) = endless();
        let mut other = client.clone();
        let call = tokio::spawn(async move { other.join(said).await });
        tokio::time::sleep(Duration::from_millis(100)).await;
        call.abort();
        assert_eq!(seen("part").await, Err(Code::Aborted), "{chain}: cancel");
        drop(says);

        // With a deadline, the client and the server end the call at the same time.
        let (_says, said) = endless();
        let mut request = tonic::Request::new(said);
        request.set_timeout(Duration::from_millis(100));
        let _ = client.join(request).await.unwrap_err();
        tokio::time::sleep(Duration::from_millis(100)).await;
        let ends = carml_test_e2e::ENDS.lock().unwrap();
        assert!(
            !ends.contains(&("part".to_owned(), Ok(()))),
            "{chain}: deadline"
        );
    }
}

/// The head of the answer to a request with these messages.
async fn answer(
    client: &mut SendRequest<Bytes>,
    request: http::request::Builder,
    messages: &[Bytes],
) -> http::Response<h2::RecvStream> {
    let request = request.body(()).unwrap();
    let (answer, mut stream) = client.send_request(request, false).unwrap();
    // The server may have answered before all is sent.
    let _ = stream.send_data(messages.concat().into(), true);
    answer.await.unwrap()
}

/// The status of a call: in the head, or in the trailers.
async fn status(answer: http::Response<h2::RecvStream>) -> String {
    let (head, mut body) = answer.into_parts();
    let code = |headers: &http::HeaderMap| {
        let code = headers.get("grpc-status")?;
        Some(code.to_str().unwrap().to_owned())
    };
    if let Some(code) = code(&head.headers) {
        return code;
    }
    while body.data().await.is_some() {}
    code(&body.trailers().await.unwrap().unwrap()).unwrap()
}

#[tokio::test]
async fn a_method_that_takes_one_message_gets_one() {
    for chain in chains() {
        let (_running, address) = start(chain.clone(), json!({})).await;
        let mut client = connect(address).await;
        let hello = framed(&line("hello", 1));
        for method in ["Say", "Repeat"] {
            for (messages, expected) in [
                (vec![], "12"),
                (vec![hello.clone()], "0"),
                (vec![hello.clone(), hello.clone()], "12"),
            ] {
                let answer = answer(&mut client, post(method), &messages).await;
                let status = status(answer).await;
                assert_eq!(status, expected, "{chain}: {method}, {}", messages.len());
            }
        }
        let answer = answer(&mut client, post("Join"), &[]).await;
        assert_eq!(status(answer).await, "0", "a stream may be empty");
    }
}

#[tokio::test]
async fn a_head_that_is_not_one_of_grpc_does_not_reach_the_handler() {
    let (_running, address) = start(json!(["recover"]), json!({})).await;
    let mut client = connect(address).await;
    let hello = [framed(&line("hello", 1))];
    let path = "http://test/carml.test.v1.Echo/Say";

    let get = http::Request::get(path).header("content-type", "application/grpc");
    let refused = answer(&mut client, get, &hello).await;
    assert_eq!(refused.status(), 405);
    let text = http::Request::post(path).header("content-type", "text/plain");
    let refused = answer(&mut client, text, &hello).await;
    assert_eq!(refused.status(), 415);
    for (name, value) in [("grpc-timeout", "soon"), ("x-token-bin", "not base64")] {
        let answer = answer(&mut client, post("Say").header(name, value), &hello).await;
        assert_eq!(answer.status(), 200);
        let message = answer.headers()["grpc-message"]
            .to_str()
            .unwrap()
            .to_owned();
        assert!(message.contains(name), "{message}");
        assert_eq!(status(answer).await, "13", "{name}");
    }
    let large = post("Say").header("x-large", "x".repeat(20_000));
    assert_eq!(answer(&mut client, large, &hello).await.status(), 431);
    // All on one connection, which is as good as before.
    let fine = answer(&mut client, post("Say").header("x-bin", "AAA"), &hello).await;
    assert_eq!(status(fine).await, "0");
}
