//! Servers with TLS.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    process::Command,
    sync::Arc,
    thread,
};

use carml_download::{ErrorKind, Request};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};

use crate::support::{Remote, Server, TestCache, content};

const CONTENT: &[u8] = b"weights";

/// A certificate for the loopback address that signs itself, and its key, as PEM.
fn certificate() -> (Vec<u8>, Vec<u8>) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let config = "[req]\ndistinguished_name = name\nx509_extensions = extensions\n[name]\n\
                  [extensions]\nsubjectAltName = IP:127.0.0.1\n";
    std::fs::write(path("config"), config).expect("a file");
    let made = Command::new("openssl")
        .args(["req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=test"])
        .args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"])
        .args(["-config", &path("config")])
        .args(["-keyout", &path("key"), "-out", &path("certificate")])
        .output()
        .expect("openssl");
    assert!(made.status.success(), "{made:?}");
    let read = |name: &str| std::fs::read(path(name)).expect("a file");
    (read("certificate"), read("key"))
}

/// A server with TLS: `/file` is a file, everything else a redirect. Its port.
fn start(certificate: &[u8], key: &[u8], target: impl FnOnce(u16) -> String) -> u16 {
    let chain = vec![CertificateDer::from_pem_slice(certificate).expect("a certificate")];
    let key = PrivateKeyDer::from_pem_slice(key).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a certificate and its key");
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let target = target(port);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = ServerConnection::new(Arc::clone(&config)).expect("a connection");
            // The client may be gone.
            let _ = answer(StreamOwned::new(connection, stream), &target);
        }
    });
    port
}

fn answer(
    mut stream: StreamOwned<ServerConnection, TcpStream>,
    target: &str,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let (first, body) = match head.starts_with(b"GET /file ") {
        true => ("200 OK".to_owned(), CONTENT),
        false => (format!("302 Found\r\nLocation: {target}"), &b""[..]),
    };
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {first}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )?;
    stream.write_all(body)?;
    stream.conn.send_close_notify();
    stream.flush()
}

#[tokio::test]
async fn a_redirect_from_https_to_http_is_refused() {
    let remote = Remote::new(content(1000, 1), "a");
    let plain = Server::start(move |seen, wire, _| remote.answer(seen, wire, usize::MAX));
    let (certificate, key) = certificate();
    let cache = TestCache::with(|options| options.certificate = Some(certificate.clone()));
    let downloads = cache.open();
    let url = plain.url("/file");
    let port = start(&certificate, &key, move |_| url);
    let fetch = |port: u16| downloads.fetch(Request::new(format!("https://127.0.0.1:{port}/a")));
    let error = fetch(port).await.expect_err("a downgrade");
    assert_eq!(error.kind, ErrorKind::Refused, "{error}");
    assert_eq!(plain.count(), 0);
    // To https it is followed.
    let port = start(&certificate, &key, |port| {
        format!("https://127.0.0.1:{port}/file")
    });
    let cached = fetch(port).await.expect("the file");
    assert_eq!(std::fs::read(&cached.path).expect("the file"), CONTENT);
    drop(cached);

    let stranger = TestCache::new();
    let url = format!("https://127.0.0.1:{port}/file");
    let error = stranger.open().fetch(Request::new(url)).await;
    let error = error.expect_err("an unknown authority");
    assert_eq!(error.kind, ErrorKind::Unavailable, "{error}");
    stranger.assert_clean();
}
