//! Whether the provider offers the calls that are required.

use super::Rules;
use carml_diagnostic::{Diagnostic, Rule};
use carml_kv::capability::{self, Provider, Requirement};
use serde_json::Value;

/// What is required of the store, and by which service, if one requires it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Required {
    pub(crate) requirement: Requirement,
    pub(crate) service: Option<&'static str>,
}

const PROVIDER: &str = "/registry/provider";

pub(super) fn check(rules: &mut Rules<'_>, requires: &[Required]) {
    let provider = rules.document.value().pointer(PROVIDER);
    let provider = provider.map_or(Some(Provider::Redb), |name| {
        name.as_str().and_then(Provider::parse)
    });
    // An unknown provider is reported already.
    let Some(provider) = provider else {
        return;
    };
    // Where a file does not name one, another may.
    let is_named = rules.document.provenance(PROVIDER, true).is_some();
    for required in requires {
        for unmet in capability::unmet(provider, &[required.requirement]) {
            let Requirement { call, scope } = unmet.requirement;
            let unoffered = Rule::NotOffered {
                call: call.as_str(),
                scope: scope.as_str(),
                provider: provider.as_str(),
                service: required.service,
            };
            let others: Vec<&str> = unmet.providers.iter().map(|p| p.as_str()).collect();
            let diagnostic = match is_named {
                true => Diagnostic::new(unoffered),
                false => rules.placeholder(unoffered),
            };
            let help = format!("providers that offer it: {}", others.join(", "));
            rules.add(diagnostic.help(help), PROVIDER);
        }
    }
}

/// The port that the provider's servers listen on by default.
pub(crate) fn default_port(registry: Option<&Value>) -> Option<u16> {
    let provider = registry?.get("provider")?.as_str()?;
    Provider::parse(provider)?.default_port()
}
