//! Whether the providers offer the calls that are required.

use super::Rules;
use crate::Requirement;
use carml_diagnostic::{Diagnostic, Rule};
use carml_kv::capability::{Provider, Scope};
use carml_schema::capabilities::{Capabilities, Entry};
use serde_json::Value;

/// What is required of a store, and by which service, if one requires it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Required {
    pub(crate) requirement: Requirement,
    pub(crate) service: Option<&'static str>,
}

pub(super) fn check(rules: &mut Rules<'_>, requires: &[Required]) {
    for required in requires {
        check_one(rules, required);
    }
}

fn check_one(rules: &mut Rules<'_>, required: &Required) {
    let requirement = required.requirement;
    let document = rules.document;
    let at = format!("{}/provider", requirement.section());
    let default = Value::from(requirement.default_provider());
    let name = document.value().pointer(&at).unwrap_or(&default);
    let table = document
        .schema()
        .documents()
        .capabilities(requirement.section());
    // An unknown provider is reported already.
    let (Some(table), Some(name)) = (table, name.as_str()) else {
        return;
    };
    let Some(provider) = table
        .provider(name)
        .filter(|p| !meets(&table, *p, requirement))
    else {
        return;
    };
    let unoffered = Rule::NotOffered {
        call: requirement.written(),
        scope: requirement.scope().as_str(),
        provider: provider.name.to_owned(),
        service: required.service,
    };
    // Where a file does not name one, another may.
    let diagnostic = match document.provenance(&at, true).is_some() {
        true => Diagnostic::new(unoffered),
        false => rules.placeholder(unoffered),
    };
    let others = table.providers().filter(|p| meets(&table, *p, requirement));
    let others: Vec<&str> = others.map(|provider| provider.name).collect();
    let help = format!("providers that offer it: {}", others.join(", "));
    rules.add(diagnostic.help(help), &at);
}

fn meets(table: &Capabilities<'_>, provider: Entry<'_>, requirement: Requirement) -> bool {
    let offered = table.reach(requirement.call(), provider.name);
    let offered = offered.and_then(|reach| Scope::parse(reach.name()));
    offered.is_some_and(|offered| offered >= requirement.scope())
}

/// The port that the provider's servers listen on by default.
pub(crate) fn default_port(registry: Option<&Value>) -> Option<u16> {
    let provider = registry?.get("provider")?.as_str()?;
    Provider::parse(provider)?.default_port()
}
