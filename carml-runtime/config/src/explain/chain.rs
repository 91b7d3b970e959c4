//! The middleware chains as they will run.

use crate::{Config, Loaded};
use serde_json::Value;
use std::fmt::Write as _;

/// What gRPC has where the config says nothing.
const IMPLICIT: &str = "max_message_size: receive 4194304 (gRPC's default; the list has none)";

pub(super) fn write(loaded: &Loaded, config: &Config) -> String {
    let mut out = String::new();
    // As the config has it: the type does not know middlewares of the service's own.
    let server = loaded.value().pointer("/grpc/server/middleware");
    let server = server
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(item);
    one(
        loaded,
        &mut out,
        "/grpc/server/middleware",
        "server",
        server,
        "services",
    );
    out.push('\n');
    let client = config.grpc.client.middleware.iter().map(item);
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

/// As the YAML has it.
fn item<T: serde::Serialize>(item: &T) -> String {
    match serde_json::to_value(item).unwrap_or_default() {
        Value::String(name) => name,
        Value::Object(options) => options
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_string().trim_matches('"')))
            .collect(),
        other => other.to_string(),
    }
}
