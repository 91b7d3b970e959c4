//! Keys of a store that its provider does not use, and those that it needs.

use super::Rules;
use carml_diagnostic::{Diagnostic, Rule, escape_key, text, trusted};

/// The sections with a provider.
pub(super) const SECTIONS: [&str; 2] = ["/registry", "/store"];

pub(super) fn check(rules: &mut Rules<'_>) {
    for section in SECTIONS {
        check_section(rules, section);
    }
}

fn check_section(rules: &mut Rules<'_>, section: &str) {
    let document = rules.document;
    let given = document.value().pointer(section);
    let given = given.and_then(|given| given.as_object());
    let Some(keys) = given.filter(|_| rules.is_own(section)) else {
        return;
    };
    let capabilities = document.schema().documents().capabilities(section);
    let name = keys.get("provider").and_then(|name| name.as_str());
    let Some(provider) = capabilities.and_then(|table| table.provider(name?)) else {
        return;
    };
    let at = |key: &str| format!("{section}/{}", escape_key(key));
    // Not those that the schema has filled in.
    let is_given = |key: &str| document.provenance(&at(key), true).is_some();
    // An unknown key may be a secret, and is reported by the schema.
    let is_known = |key: &str| document.schema().shapes().knows(&at(key));
    for key in keys.keys() {
        if !provider.uses(key) && is_given(key) && is_known(key) {
            let warning = Diagnostic::warning(Rule::NoEffect {
                key: key.clone(),
                provider: provider.name.to_owned(),
            });
            let warning = warning.help("remove it");
            let warning = document.locate(warning, &at(key), true);
            rules.found.push(warning);
        }
    }
    let endpoints = keys.get("endpoints");
    let has_none = endpoints.is_none_or(|list| list.as_array().is_some_and(Vec::is_empty));
    if provider.uses("endpoints") && has_none {
        let provider = provider.name.to_owned();
        let key = match is_given("endpoints") {
            true => "endpoints",
            false => "provider",
        };
        let help = "write `endpoints: [\"host:port\"]`, or set `REGISTRY_ENDPOINTS`";
        let error = rules.placeholder(Rule::NoServers { provider }).help(help);
        rules.found.push(document.locate(error, &at(key), false));
    }
    for [one, other] in provider.pairs() {
        for (given, missing) in [(one, other), (other, one)] {
            if keys.contains_key(given) && !keys.contains_key(missing) {
                let help = format!("add `{missing}: …`, or remove `{given}`");
                let error = Diagnostic::new(Rule::Unpaired {
                    given: given.to_owned(),
                    missing: missing.to_owned(),
                });
                let error = error.help(text![trusted(help)]);
                rules.found.push(document.locate(error, &at(given), true));
            }
        }
    }
}
