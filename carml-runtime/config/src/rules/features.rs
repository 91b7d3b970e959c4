//! What the schema allows and this build does not have.

use super::Rules;
use carml_diagnostic::Code;
use serde_json::Value;

pub(super) fn check(rules: &mut Rules<'_>) {
    let value = rules.document.value();
    let provider = value.pointer("/registry/provider").and_then(Value::as_str);
    let mut missing: Vec<(String, String, String)> = Vec::new();
    if let Some(provider) = provider.filter(|_| ours(rules, "/registry/provider")) {
        let feature = feature(rules, provider);
        if !has(&feature) {
            missing.push((
                "/registry/provider".to_owned(),
                format!("the provider `{provider}` is not in this build"),
                if FEATURES.iter().any(|f| f.0 == feature) {
                    format!("build with the feature `{feature}` of carml-runtime, or choose another provider")
                } else {
                    let built = FEATURES.iter().filter(|f| f.1 && f.0 != "reflection");
                    let built: Vec<String> = built.map(|f| format!("`{}`", f.0)).collect();
                    format!("not supported in this version: choose {}", built.join(" or "))
                },
            ));
        }
    }
    let hooks = value.pointer("/logger/hooks").and_then(Value::as_array);
    for (n, hook) in hooks.into_iter().flatten().enumerate() {
        if let Some(hook) = hook.as_str().filter(|h| !has(h))
            && ours(rules, "/logger/hooks/0")
        {
            missing.push((
                format!("/logger/hooks/{n}"),
                format!("the logger hook `{hook}` is not in this build"),
                "remove it from `logger.hooks`".to_owned(),
            ));
        }
    }
    let exporter = value.pointer("/tracer/provider").and_then(Value::as_str);
    if let (Some(exporter), Some(Value::Bool(true))) = (exporter, value.pointer("/tracer/enabled"))
        && !has(exporter)
        && ours(rules, "/tracer/provider")
    {
        missing.push((
            "/tracer/enabled".to_owned(),
            format!("the exporter `{exporter}` is not in this build"),
            "set `tracer.enabled` to false".to_owned(),
        ));
    }
    for (pointer, message, help) in missing {
        let fault = rules.placeholder(Code::NotBuilt, message).help(help);
        rules.add(fault, &pointer);
    }
}

/// The features that there are, and whether they are compiled in.
const FEATURES: [(&str, bool); 3] = [
    ("etcd", cfg!(feature = "etcd")),
    ("redb", cfg!(feature = "redb")),
    ("reflection", cfg!(feature = "reflection")),
];

fn has(feature: &str) -> bool {
    FEATURES.contains(&(feature, true))
}

/// The feature that brings a provider.
fn feature(rules: &Rules<'_>, provider: &str) -> String {
    let capabilities = rules.document.schema().documents().capabilities();
    let named = capabilities.and_then(|table| table.provider(provider)?.feature());
    named.unwrap_or(provider).to_owned()
}

/// Whether a key is the runtime's own, and not one of the user's with the same name.
fn ours(rules: &Rules<'_>, pointer: &str) -> bool {
    rules.document.schema().documents().is_own_key(pointer)
}
