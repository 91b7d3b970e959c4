//! The tracer's provider `otlp`, and the collector of OpenTelemetry.

use carml_test_e2e::line;
use carml_test_servers::Server as Sink;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use crate::{
    server::Server,
    support::{PARENT, TRACE, config, say, until},
};

fn tracer(endpoint: &str) -> String {
    config(&format!(
        "tracer:\n  enabled: true\n  provider: otlp\n  endpoints:\n    - {endpoint}\n"
    ))
}

/// The requests that the collector has written, whose resources have spans of this trace.
async fn resources(sink: &Sink, trace: &str, spans: usize) -> Vec<Value> {
    let path = sink.about()["messages"].as_str().unwrap().to_owned();
    until("the trace", async || {
        let text = tokio::fs::read_to_string(&path).await.unwrap_or_default();
        // The last line may be incomplete.
        let requests = text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok());
        let found: Vec<Value> = requests
            .flat_map(|request: Value| request["resourceSpans"].as_array().unwrap().clone())
            .filter(|resource| all(resource).iter().any(|span| span["traceId"] == trace))
            .collect();
        let count: usize = found.iter().map(|resource| all(resource).len()).sum();
        (count >= spans).then_some(found)
    })
    .await
}

fn all(resource: &Value) -> Vec<Value> {
    let scopes = resource["scopeSpans"].as_array().unwrap().iter();
    scopes
        .flat_map(|scope| scope["spans"].as_array().unwrap().clone())
        .collect()
}

/// The attributes by their names, each with its type.
fn attributes(holder: &Value) -> Value {
    let pairs = holder["attributes"].as_array().unwrap().iter();
    let pairs = pairs.map(|pair| {
        (
            pair["key"].as_str().unwrap().to_owned(),
            pair["value"].clone(),
        )
    });
    Value::Object(pairs.collect())
}

#[tokio::test]
async fn a_span_arrives_as_it_is_in_the_log() {
    let sink = Sink::started(&["otelcol"]).await;
    let server = Server::with(&tracer(&sink.endpoints()[0]));
    say(&server, "hello").await;
    let logged = server.call();
    say(&server, "panic").await;
    let resources = resources(&sink, TRACE, 2).await;
    let resource = attributes(&resources[0]["resource"]);
    assert_eq!(resource["service.name"]["stringValue"], "parrot");
    assert!(
        resource["process.pid"]["intValue"].is_string(),
        "{resource}"
    );
    let spans: Vec<Value> = resources.iter().flat_map(all).collect();
    let ok = spans
        .iter()
        .find(|span| span["spanId"] == logged["span_id"]);
    let ok = ok.unwrap_or_else(|| panic!("{logged} in {spans:?}"));
    for (name, value) in [
        ("traceId", json!(TRACE)),
        ("parentSpanId", json!(PARENT)),
        ("kind", json!(2)),
        ("name", json!("carml.test.v1.Echo/Say")),
        // Sampled, and it is known that the parent is of another process.
        ("flags", json!(0x301)),
    ] {
        assert_eq!(ok[name], value, "{name} in {ok}");
    }
    let nanos = |name: &str| ok[name].as_str().unwrap().parse::<u64>().unwrap();
    assert!(nanos("startTimeUnixNano") < nanos("endTimeUnixNano"));
    let tags = attributes(ok);
    for (name, value) in [
        ("rpc.system.name", "grpc"),
        ("rpc.method", "carml.test.v1.Echo/Say"),
        ("rpc.status_code", "OK"),
        ("network.peer.address", "127.0.0.1"),
    ] {
        assert_eq!(tags[name]["stringValue"], value, "{tags}");
    }
    assert!(tags["network.peer.port"]["intValue"].is_string(), "{tags}");
    assert_eq!(tags["trace_id"], Value::Null, "the span has it: {tags}");
    assert_eq!(ok["status"]["code"], Value::Null, "{ok}");

    let failed = spans
        .iter()
        .find(|span| span["spanId"] != ok["spanId"])
        .unwrap();
    assert_eq!(failed["status"]["code"], 2, "{failed}");
    assert_eq!(attributes(failed)["error.type"]["stringValue"], "INTERNAL");
}

#[tokio::test]
async fn a_new_trace_has_no_parent_and_a_denied_one_is_not_sent() {
    let sink = Sink::started(&["otelcol"]).await;
    let server = Server::with(&tracer(&sink.endpoints()[0]));
    let mut client = server.echo().await;
    let mut denied = tonic::Request::new(line("denied", 0));
    denied.metadata_mut().insert("b3", "0".parse().unwrap());
    client.say(denied).await.unwrap();
    let denied = server.call();
    client.say(line("hello", 0)).await.unwrap();
    let new = server.call();
    let found = resources(&sink, new["trace_id"].as_str().unwrap(), 1).await;
    let spans: Vec<Value> = found.iter().flat_map(all).collect();
    assert!(
        spans
            .iter()
            .all(|span| span["traceId"] != denied["trace_id"])
    );
    let span = spans.iter().find(|span| span["traceId"] == new["trace_id"]);
    assert_eq!(span.unwrap()["parentSpanId"], Value::Null, "{span:?}");
}

/// A collector that answers each request with this, and how many came.
async fn collector(answers: &'static [&'static [u8]]) -> (String, tokio::task::JoinHandle<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let task = tokio::spawn(async move {
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            let mut chunk = [0; 4096];
            // The head says how long the body is.
            loop {
                let read = stream.read(&mut chunk).await.unwrap();
                request.extend_from_slice(&chunk[..read]);
                let text = String::from_utf8_lossy(&request).to_lowercase();
                let Some((head, _)) = text.split_once("\r\n\r\n") else {
                    continue;
                };
                assert!(
                    head.contains("content-type: application/x-protobuf"),
                    "{head}"
                );
                let length = head.split("content-length: ").nth(1).unwrap();
                let length: usize = length.lines().next().unwrap().trim().parse().unwrap();
                let begun = request
                    .windows(4)
                    .position(|part| part == b"\r\n\r\n")
                    .unwrap()
                    + 4;
                if request.len() - begun >= length {
                    break;
                }
            }
            stream.write_all(answer).await.unwrap();
        }
        answers.len()
    });
    (address, task)
}

#[tokio::test]
async fn spans_are_sent_again_after_a_503_and_those_that_are_rejected_are_counted() {
    // `partial_success { rejected_spans: 1, error_message: "no" }`
    const PARTIAL: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\nconnection: close\r\n\r\n\x0a\x06\x08\x01\x12\x02no";
    const BUSY: &[u8] =
        b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let (address, task) = collector(&[BUSY, PARTIAL]).await;
    let server = Server::with(&tracer(&address));
    say(&server, "hello").await;
    assert_eq!(task.await.unwrap(), 2);
    let rejected = server.line(|line| {
        let message = line["message"].as_str();
        message.is_some_and(|message| message.contains("`otlp` rejected some entries"))
    });
    assert_eq!(rejected["fields"]["lost"], 1, "{rejected}");
    assert_eq!(rejected["fields"]["reason"], "no", "{rejected}");
}
