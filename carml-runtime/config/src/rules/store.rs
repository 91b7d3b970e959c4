//! What the provider `s3` of the object store cannot do without.

use carml_diagnostic::{Diagnostic, Rule};
use serde_json::Value;

use super::Rules;

pub(super) fn check(rules: &mut Rules<'_>) {
    let store = rules.document.value().pointer("/store");
    let text = |key: &str| store?.get(key)?.as_str();
    if text("provider") != Some("s3") || !rules.is_own("/store") {
        return;
    }
    let has = |key: &str| {
        store
            .and_then(|store| store.get(key))
            .is_some_and(|v| *v != Value::Null)
    };
    let mut missing = Vec::new();
    if !has("bucket") {
        missing.push(("bucket", "add `bucket: …`: the bucket must exist"));
    }
    // One key without the other is reported as a pair.
    let needs_keys = text("credentials").is_none_or(|from| from == "config");
    if needs_keys && !has("access_key") && !has("secret_key") {
        missing.push((
            "access_key",
            "add `access_key` and `secret_key`, or `credentials: environment` or `anonymous`",
        ));
    }
    for (key, help) in missing {
        let unpaired = Rule::Unpaired {
            given: "provider: s3".to_owned(),
            missing: key.to_owned(),
        };
        let error = Diagnostic::new(unpaired).help(help);
        rules.add(error, "/store/provider");
    }
}
