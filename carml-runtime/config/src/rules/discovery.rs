//! Registrations that nobody could use.

use super::Rules;
use crate::Duration;
use carml_diagnostic::{Code, Diagnostic};
use carml_kv::{
    Key,
    capability::{self, Call, Provider, Requirement, Scope},
};
use serde_json::Value;
use std::net::IpAddr;
use std::time;

const DISCOVERY: &str = "/registry/discovery";
const ADVERTISE: &str = "/grpc/server/advertise";
const LISTEN: &str = "/grpc/server/listen";

const MIN_TTL: time::Duration = time::Duration::from_secs(3);
const MAX_TTL: time::Duration = time::Duration::from_secs(3_600);

pub(super) fn check(rules: &mut Rules<'_>) {
    let document = rules.document;
    let discovery = document.value().pointer(DISCOVERY);
    let Some(discovery) = discovery.filter(|_| rules.is_own("/registry")) else {
        return;
    };
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    if let Some(ttl) = text(discovery.get("ttl")).and_then(|ttl| ttl.parse::<Duration>().ok())
        && !(MIN_TTL..=MAX_TTL).contains(&ttl.get())
    {
        let error = Diagnostic::error(Code::Range, format!("`ttl` is {ttl}, out of range"));
        let error = error.help("expected `3s` to `1h`");
        rules.add(error, &format!("{DISCOVERY}/ttl"));
    }
    if let Some(prefix) = text(discovery.get("prefix"))
        && let Err(why) = Key::parse_dir(&prefix)
    {
        let message = format!("`prefix` is not a directory: {}", why.message);
        let error = Diagnostic::error(Code::Format, message);
        rules.add(error, &format!("{DISCOVERY}/prefix"));
    } else if provider(document.value()) == Some(Provider::Consul)
        && document
            .provenance(&format!("{DISCOVERY}/prefix"), true)
            .is_some()
    {
        let message = "`prefix` has no effect with the provider `consul`, which has a catalogue";
        let warning = Diagnostic::warning(Code::UnusedKey, message).help("remove it");
        let warning = document.locate(warning, &format!("{DISCOVERY}/prefix"), true);
        rules.found.push(warning);
    }
    if discovery.get("register") == Some(&Value::Bool(true)) {
        check_address(rules);
    }
}

fn provider(value: &Value) -> Option<Provider> {
    let name = value.pointer("/registry/provider").and_then(Value::as_str);
    name.and_then(Provider::parse)
}

/// Whether clients can connect to what is registered.
fn check_address(rules: &mut Rules<'_>) {
    let value = rules.document.value();
    let pointer = match value.pointer(ADVERTISE) {
        Some(_) => ADVERTISE,
        None => LISTEN,
    };
    let Some(address) = value.pointer(pointer).and_then(Value::as_str) else {
        return;
    };
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let ip = host.parse::<IpAddr>().ok();
    let is_cluster = provider(value).is_some_and(|provider| {
        let (call, scope) = (Call::Put, Scope::Cluster);
        capability::meets(provider, Requirement { call, scope })
    });
    let help = "set `grpc.server.advertise` to an address that clients can connect to";
    if ip.is_some_and(|ip| ip.is_unspecified()) {
        let message = format!("`{address}` would be registered, and is not one address");
        rules.add(
            Diagnostic::error(Code::Endpoint, message).help(help),
            pointer,
        );
    } else if is_cluster && (host == "localhost" || ip.is_some_and(|ip| ip.is_loopback())) {
        let message = format!("`{address}` is registered, and reaches this machine only");
        rules.add(
            Diagnostic::warning(Code::Endpoint, message).help(help),
            pointer,
        );
    }
}
