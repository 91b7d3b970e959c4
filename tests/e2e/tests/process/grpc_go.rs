//! A client of grpc-go, which sends each message in a frame of its own.

use std::{path::PathBuf, process::Command};

use crate::server::Server;

/// Calls `Join` in this many streams of one connection, with this many messages of this many bytes,
/// while the handler waits for two seconds after the first.
fn join(server: &Server, streams: u32, messages: u32, bytes: u32) {
    let store = std::env::var("CARML_SERVERS");
    let store = store.unwrap_or_else(|_| "/var/cache/carml-test-servers".to_owned());
    let numbers = [streams, messages, bytes, 2_000].map(|number| number.to_string());
    let client = Command::new(PathBuf::from(store).join("grpc-go/grpc-go"))
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
    join(&server, 50, 1_000, 50);
    // More than the window of a stream, in the smallest messages.
    join(&server, 20, 20_000, 3);
    join(&server, 400, 300, 1);
}
