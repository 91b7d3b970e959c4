//! A client of grpc-go, which sends each message in a frame of its own.

use std::{path::PathBuf, process::Command};

use crate::{pki::Pki, server::Server};

pub fn client() -> Command {
    let store = std::env::var("CARML_SERVERS");
    let store = store.unwrap_or_else(|_| "/var/cache/carml-test-servers".to_owned());
    Command::new(PathBuf::from(store).join("grpc-go/grpc-go"))
}

/// Calls `Join` in this many streams of one connection, with this many messages of this many bytes,
/// while the handler waits for two seconds after the first.
fn join(server: &Server, options: &[&str], [streams, messages, bytes]: [u32; 3]) {
    let numbers = [streams, messages, bytes, 2_000].map(|number| number.to_string());
    let client = client()
        .args(options)
        .args(["join", server.address()])
        .args(numbers)
        .output()
        .expect("`tests/servers/install grpc-go` was run");
    let printed = String::from_utf8_lossy(&client.stdout);
    assert_eq!(
        printed,
        format!("{streams} calls, 0 failed\n"),
        "{client:?}"
    );
}

#[test]
fn many_small_messages_wait_for_slow_handlers() {
    let server = Server::start("    middleware: [recover]\n");
    join(&server, &[], [50, 1_000, 50]);
    // More than the window of a stream, in the smallest messages.
    join(&server, &[], [20, 20_000, 3]);
    join(&server, &[], [400, 300, 1]);
}

#[test]
fn a_client_with_a_certificate_is_served_and_one_without_is_not() {
    let pki = Pki::create();
    let path = |name: &str| pki.path(name);
    let server = Server::start(&format!(
        "    middleware: [recover]\n    tls:\n      cert_file: {}\n      key_file: {}\n      client_ca_file: {}\n      client_auth: required\n",
        path("server.pem"),
        path("server.key"),
        path("ca.pem")
    ));
    let (authority, certificate, key) = (path("ca.pem"), path("client.pem"), path("client.key"));
    let options = ["-ca", &authority, "-cert", &certificate, "-key", &key];
    join(&server, &options, [10, 100, 1_000]);
    let refused = client()
        .args(&options[..2])
        .args(["join", server.address(), "1", "1", "1", "0"])
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    assert!(
        String::from_utf8_lossy(&refused.stderr).contains("Unavailable"),
        "{refused:?}"
    );
}

#[test]
fn a_socket_in_the_file_system_is_called() {
    let folder = tempfile::tempdir().unwrap();
    let address = format!("unix://{}", folder.path().join("parrot.sock").display());
    let server = Server::listen(&address, "    middleware: [recover]\n");
    join(&server, &[], [10, 100, 1_000]);
}
