//! Registrations that nobody could use.

use super::Rules;
use crate::{Duration, ListenAddress};
use carml_diagnostic::{Address, Bound, Diagnostic, Input, Kind, Rule};
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
        let at = format!("{DISCOVERY}/ttl");
        let bound = match ttl.get() < MIN_TTL {
            true => Bound::AtLeast("3s".to_owned()),
            false => Bound::AtMost("1h".to_owned()),
        };
        let error = Diagnostic::new(Kind::OutOfRange {
            at: at.clone(),
            bound,
        });
        rules.add(error, &at);
    }
    if let Some(prefix) = text(discovery.get("prefix"))
        && let Err(why) = Key::parse_dir(&prefix)
    {
        let at = format!("{DISCOVERY}/prefix");
        let error = Diagnostic::new(Kind::FormatMismatch {
            at: at.clone(),
            expected: "a directory of keys".to_owned(),
        });
        rules.add(error.note(why.message), &at);
    } else if provider(document.value()) == Some(Provider::Consul)
        && document
            .provenance(&format!("{DISCOVERY}/prefix"), true)
            .is_some()
    {
        let warning = Diagnostic::warning(Rule::NoEffect {
            key: "prefix".to_owned(),
            provider: Provider::Consul.as_str().to_owned(),
        });
        let warning = warning
            .note("Consul has its own catalogue of services")
            .help("remove it");
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
    let help = "set `grpc.server.advertise` to an address that clients can connect to";
    let listen = value.pointer(LISTEN).and_then(Value::as_str);
    let is_socket = |text| matches!(ListenAddress::of(text), ListenAddress::Unix(_));
    if listen.is_some_and(is_socket) && address.ends_with(":0") {
        let help = "give it a port: `listen` has none to take";
        rules.add(Diagnostic::new(Address::PortZero).help(help), pointer);
        return;
    }
    if is_socket(address) {
        let address = Input::new(address);
        let error = Diagnostic::new(Address::Local { address });
        rules.add(error.help(help), pointer);
        return;
    }
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let ip = host.parse::<IpAddr>().ok();
    let is_cluster = provider(value).is_some_and(|provider| {
        let (call, scope) = (Call::Put, Scope::Cluster);
        capability::meets(provider, Requirement { call, scope })
    });
    if ip.is_some_and(|ip| ip.is_unspecified()) {
        let address = Input::new(address);
        let error = Diagnostic::new(Address::Unspecified { address });
        rules.add(error.help(help), pointer);
    } else if is_cluster && (host == "localhost" || ip.is_some_and(|ip| ip.is_loopback())) {
        let address = Input::new(address);
        let warning = Diagnostic::warning(Address::Loopback { address });
        rules.add(warning.help(help), pointer);
    }
}
