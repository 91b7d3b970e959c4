//! The middleware chains as they will run.

use crate::config::{ClientMiddleware, Config, Loaded, ServerMiddleware};
use std::fmt::Write as _;

/// What gRPC has where the config says nothing.
const IMPLICIT: &str = "max_message_size: receive 4194304 (gRPC's default; the list has none)";

pub(super) fn write(loaded: &Loaded, config: &Config) -> String {
    let mut out = String::new();
    let server = config.grpc.server.middleware.iter().map(server);
    one(
        loaded,
        &mut out,
        "/grpc/server/middleware",
        "server",
        server,
        "services",
    );
    out.push('\n');
    let client = config.grpc.client.middleware.iter().map(client);
    one(
        loaded,
        &mut out,
        "/grpc/client/middleware",
        "client",
        client,
        "network",
    );
    out
}

fn one(
    loaded: &Loaded,
    out: &mut String,
    pointer: &str,
    side: &str,
    list: impl Iterator<Item = String>,
    end: &str,
) {
    let _ = writeln!(out, "{side}, outermost first    # {}", loaded.told(pointer));
    let mut limited = false;
    let mut count = 0;
    for (n, name) in list.enumerate() {
        limited |= name.starts_with("max_message_size");
        count = n + 1;
        let _ = writeln!(out, "  {count}. {name}");
    }
    if !limited {
        let _ = writeln!(out, "  {}. {IMPLICIT}", count + 1);
    }
    let _ = writeln!(out, "  → {end}");
}

fn server(item: &ServerMiddleware) -> String {
    match item {
        ServerMiddleware::Recover => "recover".to_owned(),
        ServerMiddleware::Logging => "logging".to_owned(),
        ServerMiddleware::Tracing => "tracing".to_owned(),
        ServerMiddleware::MaxMessageSize(size) => format!("max_message_size: {size}"),
    }
}

fn client(item: &ClientMiddleware) -> String {
    match item {
        ClientMiddleware::Recover => "recover".to_owned(),
        ClientMiddleware::Logging => "logging".to_owned(),
        ClientMiddleware::Tracing => "tracing".to_owned(),
        ClientMiddleware::MaxMessageSize(size) => format!("max_message_size: {size}"),
    }
}
