//! The tracer's provider `zipkin`, and Zipkin.

use carml_test_e2e::line;
use carml_test_servers::Server as Sink;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::{
    server::Server,
    support::{PARENT, TRACE, ask, config, say, until},
};

/// One for all tests. It ends with the process.
async fn shared() -> &'static Sink {
    static SHARED: OnceCell<Sink> = OnceCell::const_new();
    SHARED.get_or_init(|| Sink::started(&["zipkin"])).await
}

fn tracer(sink: &Sink) -> String {
    config(&format!(
        "tracer:\n  enabled: true\n  provider: zipkin\n  endpoints:\n    - {}\n",
        sink.endpoints()[0]
    ))
}

/// The spans of a trace, once there are as many.
async fn spans(sink: &Sink, trace: &str, count: usize) -> Vec<Value> {
    let path = format!("/api/v2/trace/{trace}");
    until("the trace", async || {
        let (_, found) = ask("GET", &sink.endpoints()[0], &path, Value::Null).await;
        let spans = found.as_array().cloned().unwrap_or_default();
        (spans.len() >= count).then_some(spans)
    })
    .await
}

#[tokio::test]
async fn a_span_is_the_child_of_its_callers_and_the_ids_are_those_of_the_log() {
    let sink = shared().await;
    let server = Server::with(&tracer(sink));
    say(&server, "hello").await;
    let logged = server.call();
    say(&server, "panic").await;
    let spans = spans(sink, TRACE, 2).await;
    let ok = spans.iter().find(|span| span["id"] == logged["span_id"]);
    let ok = ok.unwrap_or_else(|| panic!("{logged} in {spans:?}"));
    for (name, value) in [
        ("traceId", json!(TRACE)),
        ("parentId", json!(PARENT)),
        ("kind", json!("SERVER")),
        ("name", json!("carml.test.v1.echo/say")),
    ] {
        assert_eq!(ok[name], value, "{name} in {ok}");
    }
    assert_eq!(logged["trace_id"], TRACE);
    assert_eq!(ok["localEndpoint"]["serviceName"], "parrot", "{ok}");
    assert_eq!(ok["remoteEndpoint"]["ipv4"], "127.0.0.1", "{ok}");
    assert!(ok["duration"].as_u64().unwrap() >= 1, "{ok}");
    let tags = &ok["tags"];
    assert_eq!(tags["rpc.method"], "carml.test.v1.Echo/Say", "{ok}");
    assert_eq!(tags["rpc.status_code"], "OK", "{ok}");
    assert_eq!(tags["error"], Value::Null, "{ok}");

    let failed = spans.iter().find(|span| span["id"] != ok["id"]).unwrap();
    assert_eq!(failed["tags"]["rpc.status_code"], "INTERNAL", "{failed}");
    assert_eq!(failed["tags"]["otel.status_code"], "ERROR", "{failed}");
    assert_eq!(failed["tags"]["error"], "INTERNAL", "{failed}");
}

#[tokio::test]
async fn a_new_trace_has_no_parent_and_a_denied_one_is_not_sent() {
    let sink = shared().await;
    let server = Server::with(&tracer(sink));
    let mut client = server.echo().await;
    let mut denied = tonic::Request::new(line("denied", 0));
    denied.metadata_mut().insert("b3", "0".parse().unwrap());
    client.say(denied).await.unwrap();
    let denied = server.call();
    assert_eq!(denied["trace_flags"], "00", "{denied}");
    client.say(line("hello", 0)).await.unwrap();
    let new = server.call();
    let found = spans(sink, new["trace_id"].as_str().unwrap(), 1).await;
    assert_eq!(found[0]["parentId"], Value::Null, "{found:?}");
    // It was earlier, so it would be there by now.
    let path = format!("/api/v2/trace/{}", denied["trace_id"].as_str().unwrap());
    let (status, _) = ask("GET", &sink.endpoints()[0], &path, Value::Null).await;
    assert_eq!(status, 404);
}
