//! Probes of `health.endpoints` over TLS, and what the log tells of them.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

use crate::{pki::Pki, server::Server};

/// A server of HTTP over TLS that answers every request well.
async fn https(pki: &Pki, address: SocketAddr) -> (SocketAddr, JoinHandle<()>) {
    let chain = CertificateDer::from_pem_slice(&pki.read("server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_slice(&pki.read("server.key")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![chain], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind(address).await.unwrap();
    let address = listener.local_addr().unwrap();
    let serve = async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let _ = stream.read(&mut [0; 4096]).await;
                let answer = b"HTTP/1.1 204 No Content\r\n\r\n";
                let _ = stream.write_all(answer).await;
                let _ = stream.shutdown().await;
            }
        }
    };
    (address, tokio::spawn(serve))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_server_is_up_and_each_change_is_one_line() {
    let pki = Pki::create();
    let (address, running) = https(&pki, "127.0.0.1:0".parse().unwrap()).await;
    let port = address.port();
    let yaml = format!(
        "grpc:\n  server:\n    listen: 127.0.0.1:0\nhealth:\n  interval: 50ms\n  timeout: 5s\n  \
         endpoints: ['https://localhost:{port}/ready?key=hunter2']\n"
    );
    let authority = pki.path("ca.pem");
    let server = Server::with_variables(&yaml, &[("SSL_CERT_FILE", &authority)]);
    let changes = |until: &str| {
        let mut changes: Vec<Value> = Vec::new();
        server.line(|line| {
            let message = line["message"].as_str().unwrap_or_default();
            if message.starts_with("an endpoint is") {
                changes.push(line.clone());
            }
            message == until
        });
        changes
    };
    let up = changes("an endpoint is up");
    let endpoint = format!("https://localhost:{port}/ready");
    assert_eq!(up[0]["fields"]["endpoint"], endpoint, "without the query");
    assert_eq!((up.len(), &up[0]["level"]), (1, &"INFO".into()));

    running.abort();
    let down = changes("an endpoint is down");
    assert_eq!(
        (down.len(), &down[0]["level"]),
        (1, &"WARN".into()),
        "{down:?}"
    );
    let error = down[0]["fields"]["error"].as_str().unwrap();
    assert!(error.contains("refused"), "{error}");

    // It stays down for several probes.
    let begun = Instant::now();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let _running = https(&pki, address).await;
    let again = changes("an endpoint is up");
    assert_eq!(again.len(), 1, "after {:?}: {again:?}", begun.elapsed());
}
