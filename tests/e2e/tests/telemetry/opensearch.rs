//! The hook `elastic_search`, and OpenSearch.

use std::fs;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use carml_test_servers::Server as Sink;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::{
    server::Server,
    support::{PARENT, TRACE, ask, config_of, say, until},
};

/// One for all tests, each of which has an index of its own. It ends with the process.
async fn shared() -> &'static Sink {
    static SHARED: OnceCell<Sink> = OnceCell::const_new();
    SHARED
        .get_or_init(|| Sink::started(&["opensearch", "--tls", "--auth"]))
        .await
}

/// The config of a service of this name that sends to it.
fn logger(sink: &Sink, name: &str, password: &str) -> String {
    let ca = fs::read(sink.about()["pki"]["ca_pem"].as_str().unwrap()).unwrap();
    config_of(
        name,
        &format!(
            "logger:\n  hooks:\n    - elastic_search\n  elastic_search:\n    username: admin\n    \
         password: {password}\n    endpoints:\n      - {}\n    ca_cert: {}\n",
            sink.endpoints()[0],
            STANDARD.encode(ca)
        ),
    )
}

async fn request(sink: &Sink, name: &str, method: &str, path: &str, body: Value) -> Value {
    let direct = sink.about()["direct"].as_str().unwrap();
    let path = format!("/logs-{name}-default{path}");
    ask(method, direct, &path, body).await.1
}

/// The lines of calls that OpenSearch has of this service.
async fn calls(sink: &Sink, name: &str) -> Vec<Value> {
    request(sink, name, "POST", "/_refresh", Value::Null).await;
    let query = json!({ "size": 1000, "sort": ["@timestamp"],
        "query": { "term": { "log.logger.keyword": "carml::rpc" } } });
    let found = request(sink, name, "POST", "/_search", query).await;
    let hits = found["hits"]["hits"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    hits.into_iter().map(|hit| hit["_source"].clone()).collect()
}

async fn wait_for_calls(sink: &Sink, name: &str, count: usize) -> Vec<Value> {
    until("the calls", async || {
        let calls = calls(sink, name).await;
        (calls.len() >= count).then_some(calls)
    })
    .await
}

#[tokio::test]
async fn a_line_is_a_document_of_ecs() {
    let sink = shared().await;
    let server = Server::with(&logger(sink, "documents", "PASSWORD"));
    say(&server, "hello").await;
    say(&server, "panic").await;
    let calls = wait_for_calls(sink, "documents", 2).await;
    let [ok, failed] = &calls[..] else {
        panic!("{calls:?}");
    };
    for (name, value) in [
        ("message", json!("call")),
        ("log.level", json!("info")),
        ("log.logger", json!("carml::rpc")),
        ("ecs.version", json!("9.4.0")),
        ("service.name", json!("documents")),
        ("process.pid", json!(server.id())),
        ("trace.id", json!(TRACE)),
        ("rpc.method", json!("carml.test.v1.Echo/Say")),
        ("rpc.status_code", json!("OK")),
        ("event.outcome", json!("success")),
    ] {
        assert_eq!(ok[name], value, "{name} in {ok}");
    }
    assert!(ok["@timestamp"].as_str().unwrap().ends_with('Z'), "{ok}");
    assert!(ok["event.duration"].as_u64().unwrap() > 0, "{ok}");
    assert!(ok["host.name"].is_string(), "{ok}");
    let span = ok["span.id"].as_str().unwrap();
    assert!(span.len() == 16 && span != PARENT, "{ok}");
    assert_eq!(failed["error.type"], "INTERNAL", "{failed}");
    assert_eq!(failed["event.outcome"], "failure", "{failed}");
    assert_eq!(failed["log.level"], "error", "{failed}");
    // Nothing is there twice.
    assert_eq!(calls.len(), 2);
}

#[tokio::test]
async fn lines_that_are_too_many_for_the_server_are_sent_later() {
    let sink = Sink::started(&["opensearch", "--tls", "--auth"]).await;
    let busy = sink.about()["busy"].as_str().unwrap();
    fs::write(busy, "").unwrap();
    let server = Server::with(&logger(&sink, "busy", "PASSWORD"));
    say(&server, "hello").await;
    let waits = server.line(|line| line["target"] == "carml::log");
    assert_eq!(waits["level"], "WARN", "{waits}");
    let reason = waits["fields"]["reason"].as_str().unwrap();
    assert!(reason.contains("429"), "{waits}");
    fs::remove_file(busy).unwrap();
    wait_for_calls(&sink, "busy", 1).await;
    let again = server.line(|line| line["target"] == "carml::log");
    assert_eq!(
        again["message"],
        "the log hook `elastic_search` is available again"
    );
}

#[tokio::test]
async fn lines_that_the_server_refuses_are_counted_and_said_once() {
    let sink = shared().await;
    // Fields that are not in the mapping are refused: each line has one.
    let strict = json!({ "mappings": { "dynamic": "strict", "properties": {
        "@timestamp": { "type": "date" }, "message": { "type": "text" } } } });
    let made = request(sink, "strict", "PUT", "", strict).await;
    assert_eq!(made["acknowledged"], true, "{made}");
    let server = Server::with(&logger(sink, "strict", "PASSWORD"));
    say(&server, "hello").await;
    let refused = server.line(|line| line["target"] == "carml::log::refused");
    assert!(refused["fields"]["lost"].as_u64().unwrap() > 0, "{refused}");
    let reason = refused["fields"]["reason"].as_str().unwrap();
    assert!(
        reason.contains("strict_dynamic_mapping_exception"),
        "{refused}"
    );
    // What is said of it is not sent: it would be refused too, for ever.
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    say(&server, "hello").await;
    let mut said = 0;
    loop {
        let line = server.line(|_| true);
        match line["target"].as_str().unwrap() {
            "carml::rpc" if line["trace_id"] == TRACE => break,
            "carml::log::refused" => said += 1,
            _ => {}
        }
    }
    assert!(said <= 1, "{said} lines say so");
}

#[tokio::test]
async fn the_last_lines_are_sent_before_the_process_ends() {
    let sink = shared().await;
    let server = Server::with(&logger(sink, "last", "PASSWORD"));
    say(&server, "hello").await;
    wait_for_calls(sink, "last", 1).await;
    say(&server, "hello").await;
    server.signal("TERM");
    let end = server.end().await;
    assert_eq!(end.code, Some(0), "{end:?}");
    // It did not wait for more lines, and nothing is sent after the end.
    assert_eq!(calls(sink, "last").await.len(), 2);
    let query = json!({ "query": { "match_phrase": { "message": "draining" } } });
    let found = request(sink, "last", "POST", "/_search", query).await;
    assert_eq!(found["hits"]["total"]["value"], 1, "{found}");
}

#[tokio::test]
async fn a_wrong_password_is_an_error_in_the_log() {
    let sink = shared().await;
    let server = Server::with(&logger(sink, "wrong", "not-the-password"));
    let refused = server.line(|line| line["target"] == "carml::log");
    assert_eq!(refused["level"], "ERROR", "{refused}");
    let reason = refused["fields"]["reason"].as_str().unwrap();
    assert!(reason.contains("401"), "{refused}");
    assert!(
        !refused.to_string().contains("not-the-password"),
        "{refused}"
    );
}
