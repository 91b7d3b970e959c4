//! The middleware `compression`, with a client that sees each byte.
#![allow(clippy::unwrap_used)]

mod support;

use std::{io::Write as _, net::SocketAddr};

use bytes::{Buf as _, Bytes, BytesMut};
use carml_runtime::{
    App,
    config::Config,
    testing::{self, Server},
};
use carml_test_e2e::{
    interop::Interop,
    proto::grpc::testing::{
        BoolValue, Payload, ResponseParameters, SimpleRequest, SimpleResponse,
        StreamingInputCallRequest, StreamingInputCallResponse, StreamingOutputCallRequest,
        StreamingOutputCallResponse,
    },
};
use flate2::{read::GzDecoder, write::GzEncoder};
use h2::client::SendRequest;
use http::HeaderMap;
use prost::Message;
use serde_json::json;
use support::{Log, line, start};
use tokio::net::TcpStream;
use tonic::Code;

/// What a client got.
struct Answer {
    head: HeaderMap,
    /// Each message with its flag.
    messages: Vec<(u8, Bytes)>,
    code: Code,
    text: String,
}

async fn connect(address: SocketAddr) -> SendRequest<Bytes> {
    let stream = TcpStream::connect(address).await.unwrap();
    let (client, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Sends messages with their flags, and reads all of the answer.
async fn call(
    client: &mut SendRequest<Bytes>,
    path: &str,
    headers: &[(&str, &str)],
    messages: &[(u8, Bytes)],
) -> Answer {
    let mut request = http::Request::post(format!("http://test/{path}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut body = BytesMut::new();
    for (flag, message) in messages {
        body.extend_from_slice(&[*flag]);
        body.extend_from_slice(&u32::try_from(message.len()).unwrap().to_be_bytes());
        body.extend_from_slice(message);
    }
    let (answer, mut stream) = client
        .send_request(request.body(()).unwrap(), false)
        .unwrap();
    // The server may have answered before all is sent.
    let _ = stream.send_data(body.freeze(), true);
    let (head, mut body) = answer.await.unwrap().into_parts();
    let mut bytes = BytesMut::new();
    while let Some(data) = body.data().await {
        let data = data.unwrap();
        body.flow_control().release_capacity(data.len()).unwrap();
        bytes.extend_from_slice(&data);
    }
    let trailers = body.trailers().await.unwrap();
    let end = trailers.unwrap_or_else(|| head.headers.clone());
    let mut messages = Vec::new();
    while !bytes.is_empty() {
        let flag = bytes.get_u8();
        let size = bytes.get_u32() as usize;
        messages.push((flag, bytes.split_to(size).freeze()));
    }
    Answer {
        head: head.headers,
        messages,
        code: Code::from_bytes(end["grpc-status"].as_bytes()),
        text: end
            .get("grpc-message")
            .map_or_else(String::new, |text| text.to_str().unwrap().to_owned()),
    }
}

fn gzip(message: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(message).unwrap();
    encoder.finish().unwrap().into()
}

/// A message, decompressed if its flag says so.
fn read<T: Message + Default>((flag, message): &(u8, Bytes)) -> T {
    if *flag == 0 {
        return T::decode(&message[..]).unwrap();
    }
    let mut whole = Vec::new();
    std::io::Read::read_to_end(&mut GzDecoder::new(&message[..]), &mut whole).unwrap();
    T::decode(&whole[..]).unwrap()
}

const GZIP: (&str, &str) = ("grpc-encoding", "gzip");
const ACCEPT: (&str, &str) = ("grpc-accept-encoding", "identity,gzip");

async fn interop() -> (Server, SendRequest<Bytes>) {
    let config = "grpc: { server: { middleware: [recover, logging, compression: { send: gzip }, max_message_size: 1mb] } }";
    let app = App::<Config>::new().config_text("test.yml", config);
    let server = testing::start(app.service(|_| Ok(Interop))).await.unwrap();
    let client = connect(server.address()).await;
    (server, client)
}

fn simple(expect: Option<bool>, respond: Option<bool>) -> Bytes {
    let value = |value| BoolValue { value };
    let request = SimpleRequest {
        response_size: 314_159,
        payload: Some(Payload {
            body: vec![0; 271_828],
        }),
        response_compressed: respond.map(value),
        expect_compressed: expect.map(value),
    };
    request.encode_to_vec().into()
}

#[tokio::test]
async fn interop_case_client_compressed_unary() {
    let (_server, mut client) = interop().await;
    let path = "grpc.testing.TestService/UnaryCall";
    // The probe: it says that it is compressed, and is not.
    let probe = [(0, simple(Some(true), None))];
    let answer = call(&mut client, path, &[], &probe).await;
    assert_eq!(answer.code, Code::InvalidArgument);
    let compressed = [(1, gzip(&simple(Some(true), None)))];
    let plain = [(0, simple(Some(false), None))];
    for messages in [compressed, plain] {
        let answer = call(&mut client, path, &[GZIP], &messages).await;
        assert_eq!(answer.code, Code::Ok, "{}", answer.text);
        let response: SimpleResponse = read(&answer.messages[0]);
        assert_eq!(response.payload.unwrap().body, vec![0; 314_159]);
    }
}

#[tokio::test]
async fn interop_case_server_compressed_unary() {
    let (_server, mut client) = interop().await;
    let path = "grpc.testing.TestService/UnaryCall";
    for is_compressed in [true, false] {
        let request = [(0, simple(None, Some(is_compressed)))];
        let answer = call(&mut client, path, &[ACCEPT], &request).await;
        assert_eq!(answer.code, Code::Ok, "{}", answer.text);
        assert_eq!(answer.head["grpc-encoding"], "gzip");
        assert_eq!(answer.messages[0].0, u8::from(is_compressed));
        let response: SimpleResponse = read(&answer.messages[0]);
        assert_eq!(response.payload.unwrap().body, vec![0; 314_159]);
    }
}

#[tokio::test]
async fn interop_case_client_compressed_streaming() {
    let (_server, mut client) = interop().await;
    let path = "grpc.testing.TestService/StreamingInputCall";
    let message = |value, size| {
        let request = StreamingInputCallRequest {
            payload: Some(Payload {
                body: vec![0; size],
            }),
            expect_compressed: Some(BoolValue { value }),
        };
        Bytes::from(request.encode_to_vec())
    };
    let probe = [(0, message(true, 27_182))];
    let answer = call(&mut client, path, &[], &probe).await;
    assert_eq!(answer.code, Code::InvalidArgument);
    let messages = [
        (1, gzip(&message(true, 27_182))),
        (0, message(false, 45_904)),
    ];
    let answer = call(&mut client, path, &[GZIP], &messages).await;
    assert_eq!(answer.code, Code::Ok, "{}", answer.text);
    let response: StreamingInputCallResponse = read(&answer.messages[0]);
    assert_eq!(response.aggregated_payload_size, 73_086);
}

#[tokio::test]
async fn interop_case_server_compressed_streaming() {
    let (_server, mut client) = interop().await;
    let parameters = |size, value| ResponseParameters {
        size,
        compressed: Some(BoolValue { value }),
    };
    let request = StreamingOutputCallRequest {
        response_parameters: vec![parameters(31_415, true), parameters(92_653, false)],
    };
    let request = [(0, Bytes::from(request.encode_to_vec()))];
    let path = "grpc.testing.TestService/StreamingOutputCall";
    let answer = call(&mut client, path, &[ACCEPT], &request).await;
    assert_eq!(answer.code, Code::Ok, "{}", answer.text);
    let flags: Vec<u8> = answer.messages.iter().map(|message| message.0).collect();
    assert_eq!(flags, [1, 0]);
    for (message, size) in answer.messages.iter().zip([31_415, 92_653]) {
        let response: StreamingOutputCallResponse = read(message);
        assert_eq!(response.payload.unwrap().body.len(), size);
    }
}

#[tokio::test]
async fn a_message_that_is_too_large_after_decompression_is_refused() {
    let (log, _guard) = Log::capture();
    // In whichever order the two are.
    for list in [
        json!(["logging", "compression", { "max_message_size": "100kb" }]),
        json!(["logging", { "max_message_size": "100kb" }, "compression"]),
        json!(["logging", "compression"]),
    ] {
        let (_running, address) = start(list.clone(), json!({})).await;
        let mut client = connect(address).await;
        // 50 MB of one letter: 50 kB compressed.
        let bomb = gzip(&line(&"x".repeat(50_000_000), 0).encode_to_vec());
        assert!(bomb.len() < 100_000);
        for method in ["Say", "Join"] {
            let path = format!("carml.test.v1.Echo/{method}");
            let answer = call(&mut client, &path, &[GZIP], &[(1, bomb.clone())]).await;
            assert_eq!(answer.code, Code::ResourceExhausted, "{list}: {method}");
            assert!(answer.text.contains("decompressed"), "{}", answer.text);
            let event = log.call().await;
            assert_eq!(event["fields"]["rpc.status_code"], "RESOURCE_EXHAUSTED");
        }
        // The handler ignores the error, and answers.
        let ignore = ("ignore-errors", "yes");
        let path = "carml.test.v1.Echo/Join";
        let answer = call(&mut client, path, &[GZIP, ignore], &[(1, bomb)]).await;
        assert_eq!(answer.code, Code::ResourceExhausted, "{list}");
        let small = gzip(&line(&"x".repeat(90_000), 0).encode_to_vec());
        let answer = call(
            &mut client,
            "carml.test.v1.Echo/Say",
            &[GZIP],
            &[(1, small)],
        )
        .await;
        assert_eq!(answer.code, Code::Ok, "{list}: {}", answer.text);
    }
}

#[tokio::test]
async fn the_limit_also_holds_inside_of_a_custom_layer() {
    let config = "grpc: { server: { middleware: [max_message_size: 100kb, plain, compression] } }";
    let app = App::<Config>::new()
        .config_text("test.yml", config)
        .middleware("plain", |_, ()| Ok(tower_layer::Identity::new()))
        .service(|_| Ok(carml_test_e2e::Parrot));
    let server = testing::start(app).await.unwrap();
    let mut client = connect(server.address()).await;
    let bomb = gzip(&line(&"x".repeat(50_000_000), 0).encode_to_vec());
    let path = "carml.test.v1.Echo/Say";
    let answer = call(&mut client, path, &[GZIP], &[(1, bomb)]).await;
    assert_eq!(answer.code, Code::ResourceExhausted, "{}", answer.text);
    assert!(answer.text.contains("decompressed"), "{}", answer.text);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn what_is_not_compressed_as_it_says_is_internal_and_another_encoding_unimplemented() {
    let list = json!(["recover", { "compression": { "accept": ["gzip"] } }]);
    let (_running, address) = start(list, json!({})).await;
    let mut client = connect(address).await;
    let hello = Bytes::from(line("hello", 0).encode_to_vec());
    let path = "carml.test.v1.Echo/Say";
    let cut = gzip(&hello);
    for wrong in [hello.clone(), cut.slice(..cut.len() - 1)] {
        let answer = call(&mut client, path, &[GZIP], &[(1, wrong)]).await;
        assert_eq!(answer.code, Code::Internal, "{}", answer.text);
    }
    // Without an encoding there is nothing to decompress it with.
    for headers in [&[][..], &[("grpc-encoding", "identity")]] {
        let answer = call(&mut client, path, headers, &[(1, gzip(&hello))]).await;
        assert_eq!(answer.code, Code::Internal, "{}", answer.text);
    }
    for other in ["zstd", "snappy"] {
        let headers = [("grpc-encoding", other)];
        let answer = call(&mut client, path, &headers, &[(1, hello.clone())]).await;
        assert_eq!(answer.code, Code::Unimplemented);
        assert_eq!(answer.head["grpc-accept-encoding"], "gzip", "{other}");
    }
}

#[tokio::test]
async fn answers_are_compressed_for_who_accepts_it_if_they_are_not_small() {
    for encoding in ["gzip", "zstd"] {
        let list = json!([{ "compression": { "send": encoding, "min_size": "1kb" } }]);
        let (_running, address) = start(list, json!({})).await;
        let mut client = connect(address).await;
        let all = format!("identity, deflate,{encoding}");
        let long = Bytes::from(line(&"long ".repeat(1_000), 0).encode_to_vec());
        let short = Bytes::from(line("short", 0).encode_to_vec());
        for (accept, message, flag) in [
            (all.as_str(), &long, 1),
            (all.as_str(), &short, 0),
            ("identity", &long, 0),
        ] {
            let headers = [("grpc-accept-encoding", accept)];
            let path = "carml.test.v1.Echo/Say";
            let answer = call(&mut client, path, &headers, &[(0, message.clone())]).await;
            assert_eq!(answer.code, Code::Ok, "{}", answer.text);
            assert_eq!(answer.messages[0].0, flag, "{encoding} {accept}");
            let names = &answer.head["grpc-accept-encoding"];
            assert_eq!(names, "gzip,zstd");
            let is_sent = answer.head.contains_key("grpc-encoding");
            assert_eq!(is_sent, accept != "identity");
            match flag {
                1 => assert!(answer.messages[0].1.len() < 1_000),
                _ => assert_eq!(&answer.messages[0].1, message),
            }
        }
    }
}
