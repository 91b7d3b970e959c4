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
    App, Service as _, carml_service,
    client::{Chains, Channel, Clients, GeneratedClient},
    config::{
        Config,
        chain::{self, Side},
        model::{GrpcServer, Propagation},
    },
    grpc::{
        FileDescriptors as _, Methods, Place,
        chain::{Chain, ChainLayer},
        server::{Listener, Running, Server},
    },
    testing,
};
use carml_telemetry::metrics::Metrics;
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
    let place = Place::client(Metrics::default()).propagation(propagation);
    let chains = Chains::new(plan, Vec::new(), place);
    let config = serde_json::from_value(config).unwrap();
    let clients = Clients::with_chains(&config, chains, None, None);
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
    let app = App::<Config>::new()
        .config_text("carml.yml", &text)
        .service(|context| {
            context.channel("a.v1.A")?;
            Ok(carml_test_e2e::Parrot)
        });
    let error = testing::start(app).await.unwrap_err().to_string();
    assert!(error.contains("carml.yml:7:"), "{error}");
    assert!(error.contains("carml.yml:8:"), "{error}");
    assert!(error.contains("expired on"), "{error}");
}

/// An answer of a server, which has this much text, and what `Say` says of it.
async fn said(client: &mut EchoClient<Channel>, bytes: u32) -> Result<usize, Status> {
    let answer = client.say(line("grow", bytes)).await?;
    Ok(answer.into_inner().text.len())
}

#[tokio::test]
async fn messages_are_compressed_both_ways() {
    let (_running, address) =
        start(json!([{ "compression": { "send": "gzip" } }]), json!({})).await;
    let (_plain, without) = start(json!([]), json!({})).await;
    let chain = json!([{ "compression": { "send": "zstd", "min_size": "10b" } }]);
    let mut both = echo(&chain, &to(address));
    assert_eq!(said(&mut both, 100_000).await.unwrap(), 100_000);
    let text = "long ".repeat(10_000);
    let answer = both.say(line(&text, 0)).await.unwrap();
    assert_eq!(answer.into_inner().text, text);
    let mut lines = both.repeat(line("grow", 5)).await.unwrap().into_inner();
    let mut sizes = Vec::new();
    while let Some(line) = lines.message().await.unwrap() {
        sizes.push(line.text.len());
    }
    assert_eq!(sizes, [0, 1_000, 2_000, 3_000, 4_000]);
    // What is too large once it is decompressed came compressed.
    let error = said(&mut both, 5 << 20).await.unwrap_err();
    assert_eq!(error.code(), Code::ResourceExhausted, "{error}");
    assert!(
        error.message().contains("the answer has more than"),
        "{error}"
    );
    assert!(error.message().contains("decompressed"), "{error}");
    let error = both.say(line(&"x".repeat(5 << 20), 0)).await.unwrap_err();
    assert_eq!(error.code(), Code::ResourceExhausted, "{error}");
    assert!(
        error.message().contains("the request has more than"),
        "{error}"
    );
    // A server without the middleware does not take what is compressed, and sends nothing so.
    let error = echo(&chain, &to(without))
        .say(line(&text, 0))
        .await
        .unwrap_err();
    assert_eq!(error.code(), Code::Unimplemented, "{error}");
    let mut accepts = echo(&json!(["compression"]), &to(without));
    assert_eq!(said(&mut accepts, 10_000).await.unwrap(), 10_000);
}

/// A server of HTTP/2 that answers each call with this encoding and these bytes, and no status.
async fn answers(encoding: Option<&'static str>, bytes: &'static [u8]) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut connection = h2::server::handshake(stream).await.unwrap();
        while let Some(Ok((_, mut respond))) = connection.accept().await {
            let mut head = http::Response::builder().header("content-type", "application/grpc");
            if let Some(encoding) = encoding {
                head = head.header("grpc-encoding", encoding);
            }
            let mut body = respond
                .send_response(head.body(()).unwrap(), false)
                .unwrap();
            body.send_data(bytes.into(), true).unwrap();
        }
    });
    address
}

#[tokio::test]
async fn an_answer_that_cannot_be_decompressed_is_an_error() {
    let junk = &[1, 0, 0, 0, 4, 1, 2, 3, 4];
    for (encoding, expected) in [
        (Some("snappy"), "`snappy`"),
        (Some("gzip"), "cannot be decompressed"),
        (Some("zstd"), "cannot be decompressed"),
        (None, "compress"),
    ] {
        let mut client = echo(&json!(["compression"]), &to(answers(encoding, junk).await));
        let error = client.say(line("hello", 0)).await.unwrap_err();
        assert_eq!(error.code(), Code::Internal, "{encoding:?}: {error}");
        assert!(error.message().contains(expected), "{encoding:?}: {error}");
    }
}

#[tokio::test]
async fn a_server_takes_the_secret_of_a_client() {
    let secret = json!({ "bearer": ["open sesame"] });
    let (_running, address) = start(json!([{ "auth": secret }]), json!({})).await;
    let with = |secret: &str| echo(&json!([{ "auth": { "bearer": secret } }]), &to(address));
    with("open sesame").say(line("hello", 0)).await.unwrap();
    let error = with("wrong").say(line("hello", 0)).await.unwrap_err();
    assert_eq!(error.code(), Code::Unauthenticated, "{error}");
    let error = echo(&json!([]), &to(address))
        .say(line("hello", 0))
        .await
        .unwrap_err();
    assert_eq!(error.code(), Code::Unauthenticated, "{error}");
}

#[tokio::test]
async fn a_layer_of_the_app_is_where_the_list_of_clients_has_it() {
    let (log, _guard) = Log::capture();
    let chain = json!([{ "logging": { "metadata": ["word"] } }]);
    let (_running, address) = start(chain, json!({})).await;
    for (list, word) in [
        (
            "[recover, word, logging: { metadata: [word] }]",
            Some("sesame"),
        ),
        (
            "[recover, logging: { metadata: [word] }, word, retry]",
            None,
        ),
    ] {
        let yaml = targets(address, list, "          []\n");
        let server = testing::start(relay_app(&yaml)).await.unwrap();
        let mut client = EchoClient::new(server.channel().await.unwrap());
        client.say(line("hello", 0)).await.unwrap();
        let seen = |target: &str| {
            let events = log.events(target);
            let last = events
                .last()
                .unwrap_or_else(|| panic!("no event of {target}"));
            last["fields"]["rpc.request.metadata"].to_string()
        };
        let made = seen("carml::rpc::client");
        assert_eq!(made.contains("sesame"), word.is_some(), "{list}: {made}");
        server.stop().await.unwrap();
        // Both times the parrot gets it; the relay does not.
        let parrots = log.events("carml::rpc");
        let with = |event: &&Value| {
            event["fields"]["rpc.request.metadata"]
                .to_string()
                .contains("sesame")
        };
        assert!(
            parrots.iter().any(|event| with(&event)),
            "{list}: {parrots:?}"
        );
    }
}

/// A config with the parrot at this address.
fn targets(address: SocketAddr, middleware: &str, methods: &str) -> String {
    format!(
        "grpc:\n  client:\n    middleware: {middleware}\n    targets:\n      {SERVICE}:\n        \
         endpoints: ['{address}']\n        method_config:\n{methods}"
    )
}

/// A service that relays to the parrot of its config, with a layer `word` for its clients.
fn relay_app(yaml: &str) -> App<Config> {
    App::<Config>::new()
        .config_text("carml.yml", yaml)
        .client_middleware("word", |_, (): ()| {
            Ok(tonic::service::InterceptorLayer::new(
                |mut request: Request<()>| {
                    request
                        .metadata_mut()
                        .insert("word", "sesame".parse().unwrap());
                    Ok(request)
                },
            ))
        })
        .service(|context| Ok(Relay(context.client()?)))
}

#[tokio::test]
async fn names_of_methods_are_checked_at_their_lines() {
    let address = "127.0.0.1:1".parse().unwrap();
    let refused = async |methods: &str| {
        let app = relay_app(&targets(address, "[recover]", methods));
        let started = testing::start(app).await;
        started.unwrap_err().to_string()
    };
    let name = |name: &str| format!("          - name: [{name}]\n            timeout: 1s\n");
    let error = refused(&name("{ service: carml.test.v1.Echo, method: Sya }")).await;
    assert!(error.contains("carml.yml:8:"), "{error}");
    assert!(
        error.contains("no method `carml.test.v1.Echo/Sya`"),
        "{error}"
    );
    assert!(error.contains("carml.test.v1.Echo/Say"), "{error}");
    let error = refused(&name("{ service: carml.test.v1.Ecko }")).await;
    assert!(error.contains("no service `carml.test.v1.Ecko`"), "{error}");
    let hedged = "          - name: [{ service: carml.test.v1.Echo, method: Say }]\n            \
                  hedging_policy: { max_attempts: 2 }\n";
    let error = refused(hedged).await;
    assert!(error.contains("may not be idempotent"), "{error}");
    assert!(error.contains("idempotency_level"), "{error}");
    // In a check of the service, too.
    let app = relay_app(&targets(address, "[recover]", hedged));
    let error = app.args(["--check"]).serve().await.unwrap_err().to_string();
    assert!(error.contains("may not be idempotent"), "{error}");
    let valid = name("{ service: carml.test.v1.Echo, method: Say }, {}");
    let app = relay_app(&targets(address, "[recover]", &valid));
    testing::start(app).await.unwrap().stop().await.unwrap();
}

#[tokio::test]
async fn options_of_a_client_chain_are_errors_at_their_lines() {
    let address = "127.0.0.1:1".parse().unwrap();
    for (list, expected) in [
        (
            "[recover, auth: {}]",
            "expected one of `bearer` and `token_path`",
        ),
        ("[recover, nothing]", "is not an allowed value"),
        ("[recover, timeout: 0s]", "ends every call"),
        ("[retry, recover, retry]", "appears twice"),
        (
            "[recover, circuit_breaker: { window: 0s }]",
            "a window of no time",
        ),
    ] {
        let app = relay_app(&targets(address, list, "          []\n"));
        let error = testing::start(app).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{list}: {error}");
        assert!(error.contains("carml.yml:3:"), "{list}: {error}");
    }
}
