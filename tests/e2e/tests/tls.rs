//! TLS and mTLS, with the clients of tonic, of OpenSSL, and with none at all.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

#[path = "support/pki.rs"]
mod pki;
mod support;

use std::{
    net::SocketAddr,
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use carml_runtime::{
    Service as _,
    config::model::GrpcServer,
    grpc::server::{Listener, Server},
};
use carml_test_e2e::{
    Parrot,
    proto::carml::test::v1::{EchoClient, Line},
};
use carml_tls::ClientCertificate;
use pki::Pki;
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use serde_json::{Value, json};
use support::{line, start};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tonic::{
    Status,
    service::Routes,
    transport::{Channel, ClientTlsConfig},
};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
const PATIENCE: Duration = Duration::from_secs(5);

fn tls(pki: &Pki, client_auth: &str) -> Value {
    let mut tls = json!({
        "cert_file": pki.path("server.pem"),
        "key_file": pki.path("server.key"),
        "client_auth": client_auth,
    });
    if client_auth != "off" {
        tls["client_ca_file"] = pki.path("ca.pem").into();
    }
    tls
}

async fn call(address: SocketAddr, tls: ClientTlsConfig) -> Result<Line, Status> {
    let endpoint = Channel::from_shared(format!("https://{address}")).unwrap();
    let channel = endpoint.tls_config(tls).unwrap().connect_lazy();
    let call = EchoClient::new(channel).say(line("hello", 0)).await;
    call.map(tonic::Response::into_inner)
}

/// A connection of TLS alone, which offers these protocols.
async fn connect(
    pki: &Pki,
    address: SocketAddr,
    alpn: &[&[u8]],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(&pki.read("ca.pem")).unwrap())
        .unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    let stream = TcpStream::connect(address).await?;
    let name = "localhost".try_into().unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
}

#[tokio::test]
async fn calls_are_encrypted_and_others_are_refused() {
    let pki = Pki::create();
    let (_running, address) = start(json!([]), json!({ "tls": tls(&pki, "off") })).await;
    assert_eq!(call(address, pki.client()).await.unwrap().text, "hello");

    let plain = Channel::from_shared(format!("http://{address}"))
        .unwrap()
        .connect_lazy();
    let error = timeout(PATIENCE, EchoClient::new(plain).say(line("hello", 0))).await;
    error.expect("it does not hang").unwrap_err();
    let stranger = ClientTlsConfig::new()
        .ca_certificate(tonic::transport::Certificate::from_pem(
            pki.read("other_ca.pem"),
        ))
        .domain_name("localhost");
    call(address, stranger).await.unwrap_err();
    // And the server goes on.
    call(address, pki.client()).await.unwrap();
}

#[tokio::test]
async fn a_certificate_and_its_key_may_be_texts() {
    let pki = Pki::create();
    let text = |name: &str| String::from_utf8(pki.read(name)).unwrap();
    let base64 = BASE64_STANDARD.encode(pki.read("server.key"));
    let tls = json!({
        "cert": text("server.pem"), "key": base64,
        "client_ca": text("ca.pem"), "client_auth": "required",
    });
    let (_running, address) = start(json!([]), json!({ "tls": tls })).await;
    let known = pki
        .client()
        .identity(pki.identity("client.pem", "client.key"));
    assert_eq!(call(address, known).await.unwrap().text, "hello");
    call(address, pki.client()).await.unwrap_err();
}

#[tokio::test]
async fn a_client_certificate_is_required_optional_or_not_asked_for() {
    let pki = Pki::create();
    let known = || {
        pki.client()
            .identity(pki.identity("client.pem", "client.key"))
    };
    // An authority that the server does not know has signed it: itself.
    let unknown = || {
        pki.client()
            .identity(pki.identity("other_ca.pem", "other_ca.key"))
    };
    let expired = || {
        pki.client()
            .identity(pki.identity("expired.pem", "expired.key"))
    };
    for (auth, without, with_unknown) in [
        ("off", true, true),
        ("optional", true, false),
        ("required", false, false),
    ] {
        let (_running, address) = start(json!([]), json!({ "tls": tls(&pki, auth) })).await;
        assert!(call(address, known()).await.is_ok(), "{auth}");
        assert_eq!(call(address, pki.client()).await.is_ok(), without, "{auth}");
        assert_eq!(
            call(address, unknown()).await.is_ok(),
            with_unknown,
            "{auth}"
        );
        assert_eq!(
            call(address, expired()).await.is_ok(),
            with_unknown,
            "{auth}"
        );
    }
}

#[tokio::test]
async fn a_handler_sees_whom_the_client_certificate_names() {
    let pki = Pki::create();
    let seen: Arc<Mutex<Option<Arc<ClientCertificate>>>> = Arc::default();
    let config: GrpcServer =
        serde_json::from_value(json!({ "tls": tls(&pki, "optional") })).unwrap();
    let listener = Listener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.address().unwrap().tcp().unwrap();
    let certificates = carml_tls::Server::open(config.tls.as_ref().unwrap()).unwrap();
    let service = {
        let seen = Arc::clone(&seen);
        tower::ServiceBuilder::new()
            .map_request(move |request: http::Request<tonic::body::Body>| {
                *seen.lock().unwrap() = request.extensions().get().cloned();
                request
            })
            .service(Routes::new(Parrot.into_server()))
    };
    let _running = Server::new(&config)
        .tls(certificates)
        .start(listener, service);

    call(address, pki.client()).await.unwrap();
    assert_eq!(*seen.lock().unwrap(), None);
    let identity = pki.identity("client.pem", "client.key");
    call(address, pki.client().identity(identity))
        .await
        .unwrap();
    let certificate = seen.lock().unwrap().take().unwrap();
    assert_eq!(certificate.subject, "CN=test-client");
    assert_eq!(certificate.dns_names, ["test-client"]);
    assert_eq!(certificate.uris, ["spiffe://carml.test/client"]);
}

#[tokio::test]
async fn http2_has_to_be_asked_for_by_alpn() {
    let pki = Pki::create();
    let (_running, address) = start(json!([]), json!({ "tls": tls(&pki, "off") })).await;
    let stream = connect(&pki, address, &[b"h2", b"http/1.1"]).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    connect(&pki, address, &[b"http/1.1"]).await.unwrap_err();
    let mut stream = connect(&pki, address, &[]).await.unwrap();
    let _ = stream.write_all(PREFACE).await;
    let mut answer = Vec::new();
    let closed = timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    let _ = closed.expect("the server closes");
    assert!(answer.is_empty());
}

#[tokio::test]
async fn versions_before_1_2_are_refused() {
    let pki = Pki::create();
    let (_running, address) = start(json!([]), json!({ "tls": tls(&pki, "off") })).await;
    let authority = pki.path("ca.pem");
    for (version, accepted) in [("-tls1_1", false), ("-tls1_2", true), ("-tls1_3", true)] {
        let mut client = Command::new("openssl");
        client
            .args(["s_client", "-connect", &address.to_string(), "-alpn", "h2"])
            .args(["-CAfile", &authority, "-verify_return_error", version])
            .args(["-cipher", "ALL:@SECLEVEL=0"])
            .stdin(Stdio::null());
        let out = tokio::task::spawn_blocking(move || client.output());
        let out = out.await.unwrap().unwrap();
        let text = String::from_utf8_lossy(&out.stdout);
        assert_eq!(
            text.contains("ALPN protocol: h2"),
            accepted,
            "{version}: {text}"
        );
    }
}

#[tokio::test]
async fn silent_clients_have_the_time_of_one_handshake_and_do_not_stop_others() {
    let pki = Pki::create();
    let server = json!({ "tls": tls(&pki, "off"), "handshake_timeout": "1s" });
    let (_running, address) = start(json!([]), server).await;
    let begun = Instant::now();
    let mut silent = TcpStream::connect(address).await.unwrap();
    // This one is silent after TLS.
    let mut halfway = connect(&pki, address, &[b"h2"]).await.unwrap();
    call(address, pki.client()).await.unwrap();
    assert!(begun.elapsed() < Duration::from_millis(900));
    // The second gets the server's settings first.
    let _ = silent.read_to_end(&mut Vec::new()).await;
    let _ = halfway.read_to_end(&mut Vec::new()).await;
    assert!(begun.elapsed() < PATIENCE);
}

#[tokio::test]
async fn a_drain_ends_connections_in_order() {
    let pki = Pki::create();
    let (running, address) = start(json!([]), json!({ "tls": tls(&pki, "off") })).await;
    let endpoint = Channel::from_shared(format!("https://{address}")).unwrap();
    let channel = endpoint
        .tls_config(pki.client())
        .unwrap()
        .connect()
        .await
        .unwrap();
    let slow = Line {
        wait_ms: 500,
        ..line("slow", 0)
    };
    let call = tokio::spawn(async move { EchoClient::new(channel).say(slow).await });
    let mut idle = connect(&pki, address, &[b"h2"]).await.unwrap();
    idle.write_all(PREFACE).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    running.drain();
    timeout(PATIENCE, running.ended()).await.expect("it drains");
    assert_eq!(call.await.unwrap().unwrap().into_inner().text, "slow");
    // Without `close_notify`, the end would be an error.
    let mut rest = Vec::new();
    idle.read_to_end(&mut rest)
        .await
        .expect("the connection is closed in order");
}
