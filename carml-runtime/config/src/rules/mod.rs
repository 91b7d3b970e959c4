//! Rules that a schema cannot express, on values that are valid by themselves.

mod bounds;
mod capability;
mod certificates;
mod chain;
mod client;
mod discovery;
mod endpoint;
mod features;
mod health;
mod provider;
mod scalar;
mod store;
mod telemetry;
mod tls;

pub(crate) use capability::{Required, default_port};

use crate::document::Document;
use carml_diagnostic::{Code, Diagnostic, Kind, RawReport};
use carml_schema::Annotations;

/// Adds what the rules find. What may be a placeholder is a warning if `lenient`, else an error.
pub(super) fn check(
    document: &Document,
    lenient: bool,
    requires: &[Required],
    report: &mut RawReport,
) {
    if !document.schema().is_carml() {
        return;
    }
    let mut found = RawReport::new();
    let mut rules = Rules {
        document,
        lenient,
        found: &mut found,
    };
    let any = Annotations::MIDDLEWARE
        .and(Annotations::ENDPOINT)
        .and(Annotations::PEM)
        .and(Annotations::BASE64)
        .and(Annotations::DURATION)
        .and(Annotations::BYTE_SIZE);
    let marked = document.schema().shapes().annotated(document.value(), any);
    scalar::check(&mut rules, &marked);
    bounds::check(&mut rules);
    chain::check(&mut rules, &marked);
    endpoint::check(&mut rules, &marked);
    certificates::check(&mut rules, &marked);
    features::check(&mut rules);
    provider::check(&mut rules);
    store::check(&mut rules);
    discovery::check(&mut rules);
    client::check(&mut rules);
    health::check(&mut rules);
    tls::check(&mut rules);
    telemetry::check(&mut rules);
    capability::check(&mut rules, requires);
    // What the schema has refused is not checked again.
    found.retain(|fault| {
        let at = fault.at_pointer().unwrap_or_default();
        let chain = fault.code() == Code::Chain;
        let item = at.rsplit_once('/').filter(|_| chain);
        !report.diagnostics().iter().any(|known| {
            let known = known.at_pointer();
            known.is_some_and(|k| {
                let refused_item = item.is_some_and(|(item, _)| k == item);
                k == at || refused_item || k.starts_with(&format!("{at}/"))
            })
        })
    });
    report.extend(found);
}

struct Rules<'a> {
    document: &'a Document,
    lenient: bool,
    found: &'a mut RawReport,
}

impl Rules<'_> {
    /// Adds a diagnostic at a pointer.
    fn add(&mut self, fault: Diagnostic, pointer: &str) {
        let fault = self.document.locate(fault, pointer, false);
        self.found.push(fault);
    }

    /// Whether a key is the runtime's own, and not one of the user's with the same name.
    fn is_own(&self, pointer: &str) -> bool {
        self.document.schema().documents().is_own_key(pointer)
    }

    /// Something that is an error where the config is used, and may be valid elsewhere.
    fn placeholder(&self, kind: impl Into<Kind>) -> Diagnostic {
        if self.lenient {
            Diagnostic::warning(kind)
        } else {
            Diagnostic::new(kind)
        }
    }
}
