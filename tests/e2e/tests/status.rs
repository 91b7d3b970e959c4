//! The statuses of the server's table, a test per row, through clients.
#![allow(clippy::unwrap_used)]

mod support;

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;
use carml_test_e2e::{
    proto::carml::test::v1::{EchoClient, Line},
    slow,
};
use h2::client::SendRequest;
use http::HeaderMap;
use prost::Message as _;
use serde_json::{Value, json};
use support::{Log, client, line, serve, start};
use tokio::net::TcpStream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status, transport::Channel};

/// A message with this flag in front of it.
fn framed(flag: u8, message: &[u8]) -> Bytes {
    let len = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[flag], &len[..], message].concat().into()
}

async fn raw(address: SocketAddr) -> SendRequest<Bytes> {
    let stream = TcpStream::connect(address).await.unwrap();
    let (client, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    client
}

/// The HTTP status and the headers that end a call, which sends these bytes and header.
async fn ended(
    client: &mut SendRequest<Bytes>,
    method: &str,
    header: (&str, &str),
    bytes: &[Bytes],
) -> (u16, HeaderMap) {
    let mut request = http::Request::post(format!("http://test/carml.test.v1.Echo/{method}"))
        .body(())
        .unwrap();
    let headers = request.headers_mut();
    headers.insert("content-type", "application/grpc".parse().unwrap());
    let name: http::HeaderName = header.0.parse().unwrap();
    headers.insert(name, header.1.parse().unwrap());
    let (answer, mut stream) = client.send_request(request, false).unwrap();
    // The server may have answered before all is sent.
    let _ = stream.send_data(bytes.concat().into(), true);
    let (head, mut body) = answer.await.unwrap().into_parts();
    let mut headers = head.headers;
    if !headers.contains_key("grpc-status") {
        while body.data().await.is_some() {}
        if let Some(trailers) = body.trailers().await.unwrap() {
            headers = trailers;
        }
    }
    (head.status.as_u16(), headers)
}

fn code(headers: &HeaderMap) -> Code {
    Code::from_bytes(headers["grpc-status"].as_bytes())
}

/// What ends a stream.
async fn end(mut stream: tonic::Streaming<Line>) -> Result<(), Status> {
    while stream.message().await?.is_some() {}
    Ok(())
}

#[tokio::test]
async fn a_panic_is_internal_with_a_general_text() {
    let mut client = serve(json!(["recover"])).await;
    let unary = client.say(line("panic", 0)).await.map(drop);
    let stream = client.repeat(line("panic", 3)).await.unwrap();
    for ended in [unary, end(stream.into_inner()).await] {
        let error = ended.unwrap_err();
        assert_eq!(error.code(), Code::Internal);
        assert_eq!(error.message(), "internal error");
    }
    client.say(line("other calls live on", 0)).await.unwrap();
}

#[tokio::test]
async fn an_unknown_service_or_method_is_unimplemented() {
    let (_running, address) = start(json!(["recover"]), json!({})).await;
    let mut client = raw(address).await;
    let hello = framed(0, &line("hello", 0).encode_to_vec());
    for method in ["Shout", "../no.Service/Say"] {
        let (http, headers) = ended(
            &mut client,
            method,
            ("x", "y"),
            std::slice::from_ref(&hello),
        )
        .await;
        assert_eq!(
            (http, code(&headers)),
            (200, Code::Unimplemented),
            "{method}"
        );
    }
}

#[tokio::test]
async fn a_content_type_that_is_not_one_of_grpc_is_http_415() {
    let (_running, address) = start(json!([]), json!({})).await;
    let mut client = raw(address).await;
    for wrong in ["text/plain", "application/json", "application/grpc-web"] {
        let (http, _) = ended(&mut client, "Say", ("content-type", wrong), &[]).await;
        assert_eq!(http, 415, "{wrong}");
    }
}

#[tokio::test]
async fn a_message_over_the_limit_is_resource_exhausted_either_way() {
    let mut client = serve(json!([{ "max_message_size": "1kb" }])).await;
    let long = "x".repeat(2_000);
    let lines = futures_util::stream::iter([line("a", 0), line(&long, 0)]);
    let stream = client.repeat(line("grow", 3)).await.unwrap().into_inner();
    for ended in [
        client.say(line(&long, 0)).await.map(drop),
        client.say(line("grow", 2_000)).await.map(drop),
        client.join(lines).await.map(drop),
        end(stream).await,
    ] {
        assert_eq!(ended.unwrap_err().code(), Code::ResourceExhausted);
    }
}

#[tokio::test]
async fn an_encoding_that_is_not_supported_is_unimplemented_and_names_those_that_are() {
    let (_running, address) = start(json!([]), json!({})).await;
    let mut client = raw(address).await;
    let hello = framed(1, &line("hello", 0).encode_to_vec());
    let (http, headers) = ended(&mut client, "Say", ("grpc-encoding", "snappy"), &[hello]).await;
    assert_eq!((http, code(&headers)), (200, Code::Unimplemented));
    assert!(headers.contains_key("grpc-accept-encoding"), "{headers:?}");
}

#[tokio::test]
async fn data_that_cannot_be_read_is_internal() {
    let (_running, address) = start(json!(["recover"]), json!({})).await;
    let mut client = raw(address).await;
    let hello = line("hello", 0).encode_to_vec();
    for (bytes, what) in [
        (framed(0, &[0xff; 10]), "not a message"),
        (framed(1, &hello), "compressed, without an encoding"),
        (framed(7, &hello), "an unknown flag"),
        (framed(0, &hello).slice(..8), "half of a message"),
    ] {
        for method in ["Say", "Join"] {
            let (http, headers) = ended(
                &mut client,
                method,
                ("x", "y"),
                std::slice::from_ref(&bytes),
            )
            .await;
            assert_eq!(
                (http, code(&headers)),
                (200, Code::Internal),
                "{method}: {what}"
            );
        }
    }
}

#[tokio::test]
async fn no_message_or_two_for_a_method_that_takes_one_is_unimplemented() {
    let (_running, address) = start(json!([]), json!({})).await;
    let mut client = raw(address).await;
    let hello = framed(0, &line("hello", 0).encode_to_vec());
    for messages in [vec![], vec![hello.clone(), hello.clone()]] {
        for method in ["Say", "Repeat"] {
            let (http, headers) = ended(&mut client, method, ("x", "y"), &messages).await;
            assert_eq!(
                (http, code(&headers)),
                (200, Code::Unimplemented),
                "{method}"
            );
        }
    }
}

#[tokio::test]
async fn a_deadline_is_deadline_exceeded_whatever_the_call_waits_for() {
    // Its own client says so by itself: this one does not.
    let (_running, address) = start(json!([]), json!({})).await;
    let mut client = raw(address).await;
    let wait = framed(0, &slow(20_000).encode_to_vec());
    let (_, headers) = ended(&mut client, "Say", ("grpc-timeout", "100m"), &[wait]).await;
    assert_eq!(code(&headers), Code::DeadlineExceeded);

    let mut client = serve(json!([{ "timeout": "100ms" }])).await;
    let handler = client.say(slow(20_000)).await.map(drop);
    let (_says, said) = tokio::sync::mpsc::channel(1);
    let request = client.join(ReceiverStream::new(said)).await.map(drop);
    let stream = client.repeat(line("endless", u32::MAX)).await.unwrap();
    for ended in [handler, request, end(stream.into_inner()).await] {
        assert_eq!(ended.unwrap_err().code(), Code::DeadlineExceeded);
    }
}

#[tokio::test]
async fn a_client_that_went_away_is_cancelled_in_the_log() {
    let (log, _guard) = Log::capture();
    let mut client = serve(json!(["logging"])).await;
    let call = tokio::spawn(async move { client.say(slow(20_000)).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    call.abort();
    let event = log.call().await;
    assert_eq!(event["fields"]["rpc.status_code"], "CANCELLED");
    assert_eq!(event["level"], "INFO");
}

#[tokio::test]
async fn a_call_over_a_limit_is_resource_exhausted_and_says_when_to_retry() {
    for limit in [
        json!({ "concurrency_limit": { "max": 1 } }),
        json!({ "rate_limit": { "rate": "1/m" } }),
        json!({ "rate_limit": { "rate": "10/h", "burst": 1, "key": "peer" } }),
    ] {
        let mut client = serve(Value::Array(vec![limit.clone()])).await;
        let mut other = client.clone();
        let first = tokio::spawn(async move { other.say(slow(2_000)).await });
        tokio::time::sleep(Duration::from_millis(200)).await;
        let error = client.say(line("second", 0)).await.unwrap_err();
        assert_eq!(error.code(), Code::ResourceExhausted, "{limit}");
        let pushback = error.metadata().get("grpc-retry-pushback-ms").unwrap();
        let pushback: u32 = pushback.to_str().unwrap().parse().unwrap();
        assert!(pushback > 0, "{limit}");
        first.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_call_while_the_server_drains_is_unavailable() {
    let (running, address) = start(json!(["recover"]), json!({})).await;
    let mut caller = client(address).await;
    let first = tokio::spawn(async move { caller.say(slow(1_000)).await });
    tokio::time::sleep(Duration::from_millis(200)).await;
    running.drain();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let channel = Channel::from_shared(format!("http://{address}")).unwrap();
    let mut late = EchoClient::new(channel.connect_lazy());
    let error = late.say(line("late", 0)).await.unwrap_err();
    assert_eq!(error.code(), Code::Unavailable, "{error:?}");
    first.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_call_that_the_store_lacks_is_unimplemented_and_named() {
    let mut client = serve(json!(["recover"])).await;
    let error = client.say(line("store", 0)).await.unwrap_err();
    assert_eq!(error.code(), Code::Unimplemented);
    for named in ["get", "nothing"] {
        assert!(error.message().contains(named), "{error}");
    }
}

#[tokio::test]
async fn a_status_that_is_too_large_for_clients_is_cut() {
    let mut client = serve(json!([])).await;
    // The text of an error is what the call says.
    let text = "€".repeat(20_000);
    let fail = |text: &str| line(&format!("fail {text}"), 0);
    let unary = client.say(fail(&text)).await.map(drop);
    let stream = client.repeat(fail(&text)).await.unwrap().into_inner();
    for ended in [unary, end(stream).await] {
        let error = ended.unwrap_err();
        assert_eq!(error.code(), Code::FailedPrecondition);
        let kept = error.message().strip_suffix('…').unwrap();
        assert!(text.starts_with(kept) && kept.len() > 1_000, "{error}");
        assert!(error.details().is_empty(), "there is no room for them");
    }
    let error = client.say(fail("short")).await.unwrap_err();
    assert_eq!((error.message(), error.details().len()), ("short", 5_000));
}

#[tokio::test]
async fn load_is_shed_while_the_processor_is_busy_and_health_is_answered() {
    // What the calls themselves take is more than 1 %.
    let shed = json!([{ "load_shed": { "cpu": "1%", "window": "1s" } }]);
    let mut client = serve(shed).await;
    let begun = std::time::Instant::now();
    while begun.elapsed() < Duration::from_millis(800) {
        client.say(line("fast", 0)).await.unwrap();
    }
    let calls = (0..200).map(|_| {
        let mut client = client.clone();
        tokio::spawn(async move { client.say(slow(300)).await })
    });
    let (mut served, mut shed) = (0, 0);
    for call in calls.collect::<Vec<_>>() {
        match call.await.unwrap() {
            Ok(_) => served += 1,
            Err(error) => {
                assert_eq!(error.code(), Code::ResourceExhausted, "{error}");
                let pushback = error.metadata().get("grpc-retry-pushback-ms").unwrap();
                assert_eq!(pushback, "1000");
                shed += 1;
            }
        }
    }
    assert!(served > 0 && shed > 0, "{served} served, {shed} shed");
}
