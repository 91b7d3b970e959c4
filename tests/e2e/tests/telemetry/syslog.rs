//! The hook `syslog`, and rsyslog.

use std::fs;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use carml_test_servers::Server as Sink;
use serde_json::Value;

use crate::{
    server::Server,
    support::{TRACE, config, say, until},
};

/// The messages that rsyslog has received.
pub(crate) fn messages(sink: &Sink) -> Vec<Value> {
    let file = sink.about()["messages"].as_str().unwrap();
    let text = fs::read_to_string(file).unwrap();
    // The last line may be half of one.
    text.lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}

/// The first message of which this is a part.
pub(crate) async fn message(sink: &Sink, part: &str) -> Value {
    until(part, async || {
        let messages = messages(sink);
        let has = |message: &Value| message["raw"].as_str().unwrap().contains(part);
        messages.into_iter().find(has)
    })
    .await
}

/// What only the line of the next call of this service has.
pub(crate) fn marker(server: &Server) -> String {
    let call = server.call();
    format!("network.peer.port={}", call["fields"]["network.peer.port"])
}

fn logger(settings: &str) -> String {
    config(&format!(
        "logger:\n  hooks: [syslog]\n  syslog: {{ {settings} }}\n"
    ))
}

#[tokio::test]
async fn a_line_arrives_by_every_transport() {
    let sink = Sink::started(&["rsyslog", "--tls"]).await;
    let about = |name: &str| sink.about()[name].as_str().unwrap().to_owned();
    let ca = fs::read(sink.about()["pki"]["ca_pem"].as_str().unwrap()).unwrap();
    let ca = STANDARD.encode(ca);
    for (input, endpoint) in [
        ("udp", format!("endpoint: 'udp://{}'", about("udp"))),
        ("tcp", format!("endpoint: 'tcp://{}'", about("tcp"))),
        (
            "tls",
            format!("endpoint: 'tls://{}', ca_cert: {ca}", about("tls")),
        ),
    ] {
        let server = Server::with(&logger(&format!("{endpoint}, facility: local3")));
        say(&server, "hello").await;
        let call = message(&sink, &marker(&server)).await;
        assert_eq!(call["input"], input, "{call}");
        assert_eq!(call["priority"], 19 * 8 + 6, "{call}");
        assert_eq!(call["app"], "parrot");
        assert_eq!(call["id"], "carml::rpc");
        assert_eq!(call["process"], server.id().to_string());
        let time = call["time"].as_str().unwrap();
        assert_eq!(time.len(), "2026-08-01T12:00:00.000000Z".len(), "{time}");
        let data = call["data"].as_str().unwrap();
        assert!(
            data.starts_with(&format!("[opentelemetry trace_id=\"{TRACE}\" span_id=\"")),
            "{data}"
        );
        assert!(data.ends_with("trace_flags=\"01\"]"), "{data}");
        let text = call["message"].as_str().unwrap().trim_start();
        assert!(
            text.starts_with("call ") && text.contains(" rpc.method=carml.test.v1.Echo/Say"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn the_local_socket_gets_what_syslog_3_writes() {
    let sink = Sink::started(&["rsyslog"]).await;
    let socket = sink.about()["socket"].as_str().unwrap();
    let server = Server::with(&logger(&format!("socket: '{socket}'")));
    say(&server, "hello").await;
    let call = message(&sink, &marker(&server)).await;
    assert_eq!(call["input"], "imuxsock", "{call}");
    assert_eq!(call["priority"], 8 + 6, "{call}");
    assert_eq!(call["app"], "parrot");
    assert_eq!(call["process"], server.id().to_string());
    let text = call["message"].as_str().unwrap().trim_start();
    assert!(
        text.starts_with("call ") && text.contains(" rpc.method=carml.test.v1.Echo/Say"),
        "{text}"
    );
    // RFC 3164: no year, no zone.
    let raw = call["raw"].as_str().unwrap();
    assert!(
        raw.contains(&format!(" parrot[{}]: call ", server.id())),
        "{raw}"
    );
}
