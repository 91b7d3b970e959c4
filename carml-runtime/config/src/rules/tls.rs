//! Certificates and keys: each is a file or a text.

use super::Rules;
use carml_diagnostic::{Diagnostic, Kind, Rule};
use serde_json::{Map, Value};

/// The section of the server.
const SERVER: &str = "/grpc/server/tls";

pub(super) fn check(rules: &mut Rules<'_>) {
    let section = rules.document.value().pointer(SERVER);
    let Some(section) = section.and_then(Value::as_object) else {
        return;
    };
    if !rules.is_own(SERVER) {
        return;
    }
    for key in ["cert", "key"] {
        if !has(section, key) {
            let missing = Diagnostic::new(Kind::MissingKey {
                keys: vec![format!("{key}_file"), key.to_owned()],
                parent: SERVER.to_owned(),
            });
            rules.add(missing, SERVER);
        }
    }
    once(rules, SERVER, section, &["cert", "key", "client_ca"]);
}

/// The section of a client's target.
pub(super) fn client(rules: &mut Rules<'_>, at: &str, section: &Map<String, Value>) {
    for (given, missing) in [("cert", "key"), ("key", "cert")] {
        if has(section, given) && !has(section, missing) {
            let name = match section.contains_key(given) {
                true => given.to_owned(),
                false => format!("{given}_file"),
            };
            let error = Diagnostic::new(Rule::Unpaired {
                given: name.clone(),
                missing: format!("{missing}_file"),
            });
            let error = error.help("a client shows a certificate with its private key");
            rules.add(error, &format!("{at}/{name}"));
        }
    }
    once(rules, at, section, &["ca", "cert", "key"]);
}

/// Whether it is given, as a text or as a file.
fn has(section: &Map<String, Value>, key: &str) -> bool {
    section.contains_key(key) || section.contains_key(&format!("{key}_file"))
}

/// Refuses those that are given in both ways.
fn once(rules: &mut Rules<'_>, at: &str, section: &Map<String, Value>, keys: &[&str]) {
    for key in keys {
        let file = format!("{key}_file");
        if section.contains_key(*key) && section.contains_key(&file) {
            let error = Diagnostic::new(Kind::MutuallyExclusive {
                keys: vec![(*key).to_owned(), file],
                parent: at.to_owned(),
            });
            rules.add(error.help("remove one of them"), &format!("{at}/{key}"));
        }
    }
}
