//! Calls that a handler makes: their chain, their trace and their deadline; TLS of clients.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

#[path = "support/pki.rs"]
mod pki;
mod support;

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use carml_runtime::{
    Service as _, carml_service,
    client::{Channel, Clients, GeneratedClient},
    config::{
        chain::{self, Side},
        model::{GrpcServer, Propagation},
    },
    grpc::{
        FileDescriptors as _, Methods, Place,
        chain::{Chain, ChainLayer},
        server::{Listener, Running, Server},
    },
};
use carml_test_e2e::{
    proto::carml::test::v1::{Echo, EchoClient, EchoServer, Line},
    slow,
};
use futures_core::Stream;
use pki::Pki;
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use serde_json::{Value, json};
use support::{Log, client, line, list, start};
use tokio_rustls::TlsAcceptor;
use tonic::{Code, Request, Status, Streaming, service::Routes};
use tower_layer::Layer as _;

const SERVICE: &str = "carml.test.v1.Echo";

/// A client with this chain and target.
fn echo(chain: &Value, target: &Value) -> EchoClient<Channel> {
    echo_with(chain, target, &[Propagation::W3c])
}

/// The same, which sends its trace in these headers.
fn echo_with(chain: &Value, target: &Value, propagation: &[Propagation]) -> EchoClient<Channel> {
    let config = json!({ "targets": { SERVICE: target } });
    let plan = chain::plan(Side::Client, chain.as_array().unwrap(), |_| false).unwrap();
    let chain = Chain::new(plan, &[], &Place::client().propagation(propagation)).unwrap();
    let clients = Clients::with_chain(&serde_json::from_value(config).unwrap(), chain, None);
    let channel = clients.channel(EchoClient::<Channel>::NAME).unwrap();
    <EchoClient<Channel> as GeneratedClient>::new(channel)
}

fn to(address: SocketAddr) -> Value {
    json!({ "endpoints": [address.to_string()] })
}

/// Passes requests on to another service.
struct Relay(EchoClient<Channel>);

#[carml_service]
impl Echo for Relay {
    async fn say(&self, line: Line) -> Result<Line, Status> {
        let answer = self.0.clone().say(line).await?;
        Ok(answer.into_inner())
    }

    async fn repeat(
        &self,
        line: Line,
    ) -> Result<impl Stream<Item = Result<Line, Status>> + Send + use<>, Status> {
        let answer = self.0.clone().repeat(line).await?;
        Ok(answer.into_inner())
    }

    async fn join(&self, _lines: Streaming<Line>) -> Result<Line, Status> {
        Err(Status::unimplemented("not relayed"))
    }

    async fn chat(
        &self,
        _lines: Streaming<Line>,
    ) -> Result<impl Stream<Item = Result<Line, Status>> + Send + use<>, Status> {
        Ok(tokio_stream::empty())
    }
}

/// A relay behind a chain, which calls a parrot behind the same one, and both until they are
/// dropped.
async fn relay() -> (SocketAddr, [Running; 2]) {
    relay_with(&[Propagation::W3c]).await
}

/// The same, whose calls carry their trace in these headers.
async fn relay_with(propagation: &[Propagation]) -> (SocketAddr, [Running; 2]) {
    let chain = json!(["recover", "tracing", "logging"]);
    let (parrot, address) = start(chain.clone(), json!({})).await;
    let relay = Relay(echo_with(&chain, &to(address), propagation));
    let listener = Listener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.address().unwrap().tcp().unwrap();
    let layer = ChainLayer::new(Chain::compile(&list(chain)).unwrap());
    let service = layer.layer(Routes::new(relay.into_server()));
    let server = Server::new(&GrpcServer::default());
    let server = server.methods(Methods::of([EchoServer::<Relay>::FILE_DESCRIPTOR_SET]));
    let running = server.start(listener, service);
    (address, [parrot, running])
}

#[tokio::test]
async fn calls_of_a_handler_are_logged_and_belong_to_its_trace() {
    let (log, _guard) = Log::capture();
    let (address, _running) = relay().await;
    let mut request = Request::new(line("hello", 0));
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let parent = format!("00-{trace}-b7ad6b7169203331-01");
    request
        .metadata_mut()
        .insert("traceparent", parent.parse().unwrap());
    let answer = client(address).await.say(request).await.unwrap();
    assert_eq!(answer.into_inner().text, "hello");
    let mut server = Vec::new();
    for _ in 0..100 {
        server = log.events("carml::rpc");
        if server.len() == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let calls = log.events("carml::rpc::client");
    assert_eq!((server.len(), calls.len()), (2, 1));
    for event in server.iter().chain(&calls) {
        assert_eq!(event["span"]["trace_id"], trace, "{event}");
        assert_eq!(event["fields"]["rpc.method"], "carml.test.v1.Echo/Say");
        assert_eq!(event["fields"]["rpc.status_code"], "OK");
    }
    let fields = &calls[0]["fields"];
    assert_eq!(calls[0]["span"]["otel.kind"], "client");
    assert_eq!(fields["network.peer.port"], fields["server.port"]);
    let ids: std::collections::BTreeSet<_> = server
        .iter()
        .chain(&calls)
        .map(|event| event["span"]["span_id"].to_string())
        .collect();
    assert_eq!(ids.len(), 3, "each has a span of its own");
}

#[tokio::test]
async fn a_trace_goes_on_in_every_form_and_with_every_decision() {
    let trace = "0af7651916cd43dd8448eb211c80319c";
    for form in [Propagation::W3c, Propagation::B3, Propagation::B3multi] {
        for (decision, flags) in [("0", "00"), ("1", "01"), ("d", "01")] {
            let (log, _guard) = Log::capture();
            let (address, _running) = relay_with(&[form]).await;
            let mut request = Request::new(line("hello", 0));
            let parent = format!("{trace}-b7ad6b7169203331-{decision}");
            request.metadata_mut().insert("b3", parent.parse().unwrap());
            client(address).await.say(request).await.unwrap();
            let mut events = Vec::new();
            for _ in 0..100 {
                events = log.events("carml::rpc");
                if events.len() == 2 {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            assert_eq!(events.len(), 2, "{form:?} {decision}");
            for event in events {
                assert_eq!(event["span"]["trace_id"], trace, "{form:?} {decision}");
                assert_eq!(event["span"]["trace_flags"], flags, "{form:?} {decision}");
            }
        }
    }
}

#[tokio::test]
async fn a_status_that_is_passed_on_loses_its_metadata() {
    let (relay, running) = relay().await;
    let error = client(relay).await.say(line("leak", 0)).await.unwrap_err();
    assert_eq!(error.code(), Code::PermissionDenied);
    assert_eq!(error.message(), "a token is in the metadata");
    let names: Vec<String> = error
        .metadata()
        .keys()
        .map(|name| format!("{name:?}"))
        .collect();
    assert!(
        !names
            .iter()
            .any(|name| name.contains("token") || name.contains("carml")),
        "{names:?}"
    );
    drop(running);
    // The one who made the call has it.
    let (_running, parrot) = start(json!(["recover"]), json!({})).await;
    let mut own = echo(&json!(["recover"]), &to(parrot));
    let error = own.say(line("leak", 0)).await.unwrap_err();
    assert_eq!(error.metadata().get("x-token").unwrap(), "secret");
}

#[tokio::test]
async fn a_call_of_a_handler_ends_with_the_deadline_of_its_own() {
    let (log, _guard) = Log::capture();
    let (address, _running) = relay().await;
    let mut request = Request::new(slow(20_000));
    request.set_timeout(Duration::from_millis(300));
    let begun = Instant::now();
    let error = client(address).await.say(request).await.unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert!(
        matches!(error.code(), Code::DeadlineExceeded | Code::Cancelled),
        "{error}"
    );
    // The parrot is not left alone with it.
    for _ in 0..200 {
        if log.events("carml::rpc").len() == 2 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the inner call goes on: {:?}", log.events("carml::rpc"));
}

#[tokio::test]
async fn a_message_over_the_limit_of_a_client_is_refused_both_ways() {
    let (_running, address) = start(json!([]), json!({})).await;
    let mut limited = echo(&json!([{ "max_message_size": "100b" }]), &to(address));
    limited.say(line("short", 0)).await.unwrap();
    let error = limited.say(line(&"x".repeat(200), 0)).await.unwrap_err();
    assert_eq!(error.code(), Code::ResourceExhausted, "{error}");
    assert!(error.message().starts_with("the request has 20"), "{error}");
    let error = limited.say(line("grow", 200)).await.unwrap_err();
    assert_eq!(error.code(), Code::ResourceExhausted, "{error}");
    assert!(error.message().starts_with("the answer has 20"), "{error}");
    // The default is 4 MiB for answers.
    let mut default = echo(&json!([]), &to(address));
    let error = default.say(line("grow", 5 << 20)).await.unwrap_err();
    assert_eq!(error.code(), Code::ResourceExhausted, "{error}");
    let mut raised = echo(&json!([{ "max_message_size": "8mib" }]), &to(address));
    let answer = raised.say(line("grow", 5 << 20)).await.unwrap();
    assert_eq!(answer.into_inner().text.len(), 5 << 20);
}

#[tokio::test]
async fn a_client_shows_its_certificate_and_checks_that_of_the_server() {
    let pki = Pki::create();
    let server = json!({ "tls": {
        "cert_file": pki.path("server.pem"),
        "key_file": pki.path("server.key"),
        "client_auth": "required",
        "client_ca_file": pki.path("ca.pem"),
    } });
    let (_running, address) = start(json!([]), server).await;
    let with = |ca: &str, own: Option<&str>, name: &str| {
        let mut tls = json!({ "ca_file": pki.path(ca), "server_name": name });
        if let Some(own) = own {
            tls["cert_file"] = pki.path(&format!("{own}.pem")).into();
            tls["key_file"] = pki.path(&format!("{own}.key")).into();
        }
        let mut target = to(address);
        target["tls"] = tls;
        echo(&json!([]), &target)
    };
    let mut right = with("ca.pem", Some("client"), "localhost");
    assert_eq!(
        right.say(line("hello", 0)).await.unwrap().into_inner().text,
        "hello"
    );
    for (ca, own, name, why) in [
        ("other_ca.pem", Some("client"), "localhost", "UnknownIssuer"),
        (
            "ca.pem",
            Some("client"),
            "other.example",
            "not valid for name",
        ),
        ("ca.pem", None, "localhost", ""),
    ] {
        let begun = Instant::now();
        let mut request = Request::new(line("hello", 0));
        request.set_timeout(Duration::from_secs(10));
        let error = with(ca, own, name).say(request).await.unwrap_err();
        assert_eq!(error.code(), Code::Unavailable, "{error}");
        assert!(error.message().contains(why), "{error}");
        assert!(begun.elapsed() < Duration::from_secs(5));
    }
}

#[tokio::test]
async fn a_server_whose_certificate_expired_is_unavailable() {
    let pki = Pki::create();
    let chain = CertificateDer::pem_slice_iter(&pki.read("expired.pem"))
        .map(Result::unwrap)
        .collect();
    let key = PrivateKeyDer::from_pem_slice(&pki.read("expired.key")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = acceptor.accept(stream).await;
        }
    });
    let mut target = to(address);
    target["tls"] = json!({ "ca_file": pki.path("ca.pem"), "server_name": "localhost" });
    let error = echo(&json!([]), &target)
        .say(line("hello", 0))
        .await
        .unwrap_err();
    assert_eq!(error.code(), Code::Unavailable, "{error}");
    assert!(error.message().contains("xpired"), "{error}");
}

#[tokio::test]
async fn certificates_of_a_client_are_checked_at_their_lines() {
    let pki = Pki::create();
    let expired = pki.path("expired.pem");
    let key = pki.path("expired.key");
    let text = format!(
        "grpc:\n  client:\n    targets:\n      a.v1.A:\n        endpoints: [127.0.0.1:1]\n        tls:\n          \
         ca_file: nothing.pem\n          cert_file: {expired}\n          key_file: {key}\n"
    );
    let app = carml_runtime::App::<carml_runtime::config::Config>::new()
        .config_text("carml.yml", &text)
        .service(|context| {
            context.channel("a.v1.A")?;
            Ok(carml_test_e2e::Parrot)
        });
    let error = carml_runtime::testing::start(app)
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("carml.yml:7:"), "{error}");
    assert!(error.contains("carml.yml:8:"), "{error}");
    assert!(error.contains("expired on"), "{error}");
}
