//! Does the provider offer what is required of it?

use super::Rules;
use carml_diagnostic::{Code, Diagnostic, RawReport, nearest};
use serde_json::Value;

/// A call of the store that a service needs, and how far it must reach.
#[derive(Clone, Debug)]
pub(crate) struct Requirement {
    call: String,
    scope: Option<String>,
}

impl Requirement {
    /// Reads `lock` or `lock:cluster`.
    pub(crate) fn parse(text: &str) -> Requirement {
        let (call, scope) = match text.split_once(':') {
            Some((call, scope)) => (call, Some(scope.trim().to_owned())),
            None => (text, None),
        };
        Requirement {
            call: call.trim().to_owned(),
            scope,
        }
    }
}

pub(super) fn check(rules: &mut Rules<'_>, requires: &[Requirement]) {
    if requires.is_empty() {
        return;
    }
    let table = rules.document.schema().documents().capabilities();
    let Some(table) = table.cloned() else {
        return;
    };
    let provider = rules.document.value().pointer("/registry/provider");
    let provider = provider
        .and_then(Value::as_str)
        .unwrap_or("redb")
        .to_owned();
    for requirement in requires {
        let mut report = RawReport::new();
        one(rules, &table, &provider, requirement, &mut report);
        rules.found.extend(report);
    }
}

fn one(
    rules: &Rules<'_>,
    table: &Value,
    provider: &str,
    requirement: &Requirement,
    report: &mut RawReport,
) {
    let Requirement { call, scope } = requirement;
    let calls = table.get("table").and_then(Value::as_object);
    let names = || calls.into_iter().flat_map(serde_json::Map::keys);
    let Some(row) = calls.and_then(|c| c.get(call)) else {
        let mut fault = Diagnostic::error(
            Code::Capability,
            format!("`{call}` is not a call of the store"),
        );
        if let Some(near) = nearest(call, names().map(String::as_str)).first() {
            fault = fault.help(format!("did you mean `{near}`?"));
        }
        let all: Vec<&str> = names().map(String::as_str).collect();
        report.push(fault.note(format!("calls: {}", all.join(", "))));
        return;
    };
    let offers = |name: &str| {
        let reach = row.get(name).and_then(Value::as_str);
        reach.is_some_and(|reach| reach == "cluster" || scope.as_deref() != Some("cluster"))
    };
    if offers(provider) {
        return;
    }
    let providers = table.get("providers").and_then(Value::as_object);
    let others: Vec<String> = providers
        .into_iter()
        .flat_map(serde_json::Map::keys)
        .filter(|name| offers(name))
        .map(|name| format!("`{name}`"))
        .collect();
    let reach = scope.as_ref().map(|s| format!(" with scope `{s}`"));
    let message = format!(
        "`{call}`{} is required, which `{provider}` does not offer",
        reach.unwrap_or_default()
    );
    let fault = rules
        .placeholder(Code::Capability, message)
        .help(format!("providers that offer it: {}", others.join(", ")));
    report.push(rules.document.locate(fault, "/registry/provider", false));
}
