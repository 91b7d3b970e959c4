//! Endpoints of `health` that cannot be probed.

use carml_diagnostic::{Address, Diagnostic, NotBuilt};
use carml_schema::scalar::endpoint;
use serde_json::Value;

use super::Rules;
use crate::{Endpoint, Probe, ProbeKind, features::is_built};

const ENDPOINTS: &str = "/health/endpoints";

pub(super) fn check(rules: &mut Rules<'_>) {
    let endpoints = rules.document.value().pointer(ENDPOINTS);
    let Some(endpoints) = endpoints.and_then(Value::as_array) else {
        return;
    };
    if !rules.is_own("/health") {
        return;
    }
    for (n, text) in endpoints.iter().enumerate() {
        // What is not an address is refused as such.
        let text = text.as_str();
        let Some(text) = text.filter(|text| endpoint::wrong(text, false).is_none()) else {
            continue;
        };
        let Ok(endpoint) = text.parse::<Endpoint>();
        let fault = match Probe::parse(&endpoint) {
            Ok(probe) if probe.kind == ProbeKind::Https && !is_built("tls") => rules
                .placeholder(NotBuilt::ProbeTls)
                .help("build with the feature `tls` of carml-runtime, or remove the endpoint"),
            Ok(_) => continue,
            Err(problem) => {
                let help = help(&problem);
                Diagnostic::new(problem).help(help)
            }
        };
        rules.add(fault, &format!("{ENDPOINTS}/{n}"));
    }
}

fn help(problem: &Address) -> &'static str {
    match problem {
        Address::NoPort => "add the port: `grpc://host:50051`",
        Address::NotOfHttp => "remove the path, or write `http://` in front",
        _ => "`host:port` alone is probed with a TCP connection",
    }
}
