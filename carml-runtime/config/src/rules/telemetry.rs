//! Log hooks and a tracer that could not send anything.

use super::Rules;
use carml_diagnostic::{Address, Diagnostic, Input, Rule};
use serde_json::Value;

pub(super) fn check(rules: &mut Rules<'_>) {
    if rules.is_own("/logger") {
        elastic_search(rules);
        scheme(rules, "/logger/syslog/endpoint", &["udp", "tcp", "tls"]);
        schemes(rules, "/logger/elastic_search/endpoints");
    }
    if rules.is_own("/tracer") {
        tracer(rules);
        schemes(rules, "/tracer/endpoints");
    }
}

fn elastic_search(rules: &mut Rules<'_>) {
    let value = rules.document.value();
    let hooks = value.pointer("/logger/hooks").and_then(Value::as_array);
    let listed = hooks.and_then(|hooks| hooks.iter().position(|hook| hook == "elastic_search"));
    let settings = value.pointer("/logger/elastic_search");
    if let (Some(n), None) = (listed, settings) {
        let error = unpaired("elastic_search", "endpoints")
            .help("add `endpoints` below `logger.elastic_search`, or remove the hook");
        rules.add(error, &format!("/logger/hooks/{n}"));
    }
    let has = |key| settings.is_some_and(|settings| settings.get(key).is_some());
    let (given, missing, help) = match (has("username"), has("password")) {
        (true, false) => (
            "username",
            "password",
            "add `password: …`, or remove `username`",
        ),
        (false, true) => (
            "password",
            "username",
            "add `username: …`, or remove `password`",
        ),
        _ => return,
    };
    let at = format!("/logger/elastic_search/{given}");
    let error = unpaired(given, missing).help(help);
    rules.found.push(rules.document.locate(error, &at, true));
}

fn tracer(rules: &mut Rules<'_>) {
    let Some(tracer) = rules.document.value().get("tracer") else {
        return;
    };
    let endpoints = tracer.get("endpoints").and_then(Value::as_array);
    let is_enabled = tracer.get("enabled") == Some(&Value::Bool(true));
    if is_enabled && endpoints.is_none_or(Vec::is_empty) {
        let error = unpaired("enabled", "endpoints")
            .help("list the collector's servers in `tracer.endpoints`, or set `enabled` to false");
        rules.add(error, "/tracer/enabled");
    }
}

fn unpaired(given: &str, missing: &str) -> Diagnostic {
    Diagnostic::new(Rule::Unpaired {
        given: given.to_owned(),
        missing: missing.to_owned(),
    })
}

fn schemes(rules: &mut Rules<'_>, list: &str) {
    let endpoints = rules.document.value().pointer(list);
    let count = endpoints.and_then(Value::as_array).map_or(0, Vec::len);
    for n in 0..count {
        scheme(rules, &format!("{list}/{n}"), &["http", "https"]);
    }
}

fn scheme(rules: &mut Rules<'_>, pointer: &str, known: &[&str]) {
    let endpoint = rules.document.value().pointer(pointer);
    let Some((scheme, _)) = endpoint
        .and_then(Value::as_str)
        .and_then(|endpoint| endpoint.split_once("://"))
    else {
        return;
    };
    if !known.contains(&scheme) {
        let known: Vec<String> = known
            .iter()
            .map(|scheme| format!("`{scheme}://`"))
            .collect();
        let error = Diagnostic::new(Address::NotAScheme {
            scheme: Input::new(scheme),
            expected: known.join(" or "),
        });
        rules.add(error, pointer);
    }
}
