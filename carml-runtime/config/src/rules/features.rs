//! What the schema allows and this build does not have.

use super::{Rules, provider::SECTIONS};
use crate::features::is_built;
use carml_diagnostic::{Input, NotBuilt};
use carml_schema::pointer;
use serde_json::Value;

pub(super) fn check(rules: &mut Rules<'_>) {
    let value = rules.document.value();
    let mut missing: Vec<(String, NotBuilt, String)> = Vec::new();
    for section in SECTIONS {
        let at = format!("{section}/provider");
        let provider = value.pointer(&at).and_then(Value::as_str);
        let Some(provider) = provider.filter(|_| rules.is_own(&at)) else {
            continue;
        };
        let feature = feature_of(rules, section, provider);
        if !is_built(&feature) {
            missing.push((
                at,
                NotBuilt::Provider(Input::new(provider)),
                format!("build with the feature `{feature}` of carml-runtime, or choose another provider"),
            ));
        }
    }
    if value.pointer("/grpc/server/tls").is_some()
        && !is_built("tls")
        && rules.is_own("/grpc/server/tls")
    {
        missing.push((
            "/grpc/server/tls".to_owned(),
            NotBuilt::Tls,
            "build with the feature `tls` of carml-runtime, or remove the section".to_owned(),
        ));
    }
    let targets = value
        .pointer("/grpc/client/targets")
        .and_then(Value::as_object);
    for (name, target) in targets.into_iter().flatten() {
        let at = format!("{}/tls", pointer::join("/grpc/client/targets", name));
        if target.get("tls").is_some() && !is_built("tls") && rules.is_own(&at) {
            missing.push((
                at,
                NotBuilt::ClientTls,
                "build with the feature `tls` of carml-runtime, or remove the section".to_owned(),
            ));
        }
    }
    let hooks = value.pointer("/logger/hooks").and_then(Value::as_array);
    for (n, hook) in hooks.into_iter().flatten().enumerate() {
        if let Some(hook) = hook.as_str()
            && let feature = hook.replace('_', "-")
            && !is_built(&feature)
            && rules.is_own("/logger/hooks/0")
        {
            missing.push((
                format!("/logger/hooks/{n}"),
                NotBuilt::Hook(Input::new(hook)),
                format!("build with the feature `{feature}` of carml-runtime, or remove it from `logger.hooks`"),
            ));
        }
    }
    let exporter = value.pointer("/tracer/provider").and_then(Value::as_str);
    if let (Some(exporter), Some(Value::Bool(true))) = (exporter, value.pointer("/tracer/enabled"))
        && !is_built(exporter)
        && rules.is_own("/tracer/provider")
    {
        missing.push((
            "/tracer/enabled".to_owned(),
            NotBuilt::Exporter(Input::new(exporter)),
            format!("build with the feature `{exporter}` of carml-runtime, or set `tracer.enabled` to false"),
        ));
    }
    if value
        .get("download")
        .and_then(Value::as_object)
        .is_some_and(|section| !section.is_empty())
        && !is_built("download")
        && rules.is_own("/download")
    {
        missing.push((
            "/download".to_owned(),
            NotBuilt::Section("download"),
            "build with the feature `download` of carml-runtime, or remove the section".to_owned(),
        ));
    }
    for (pointer, what, help) in missing {
        let fault = rules.placeholder(what).help(help);
        rules.add(fault, &pointer);
    }
}

/// The feature that brings a provider.
fn feature_of(rules: &Rules<'_>, section: &str, provider: &str) -> String {
    let capabilities = rules.document.schema().documents().capabilities(section);
    let named = capabilities.and_then(|table| table.provider(provider)?.feature());
    named.unwrap_or(provider).to_owned()
}
