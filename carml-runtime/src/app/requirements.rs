//! Does the provider offer what the services require, and is it in this build?

use super::StartError;
use crate::{
    __private::{Requirement, Scope},
    config::{Config, Loaded, LoggerHook},
    kv::capability::{self, Call, PROVIDERS},
};

pub(super) fn check(
    loaded: &Loaded,
    config: &Config,
    requires: &[(&'static str, Requirement)],
) -> Result<(), StartError> {
    let provider = config
        .registry
        .as_ref()
        .map_or(crate::config::Provider::Redb, |registry| registry.provider);
    let name = provider_name(provider);
    let Some(provider) = PROVIDERS.iter().find(|provider| provider.as_str() == name) else {
        return Ok(());
    };
    for (service, requirement) in requires {
        let Some(call) = call(requirement.call) else {
            continue;
        };
        let scope = match requirement.scope {
            Scope::Process => capability::Scope::Process,
            Scope::Cluster => capability::Scope::Cluster,
        };
        let wanted = capability::Requirement {
            call,
            scope: Some(scope),
        };
        if let Some(missing) = capability::missing(*provider, &[wanted]).first() {
            let others: Vec<&str> = missing
                .providers
                .iter()
                .map(|other| other.as_str())
                .collect();
            let scope = scope.as_str();
            return Err(loaded
                .fault(
                    "/registry/provider",
                    format!(
                        "the service `{service}` requires `{}` with scope `{scope}`, which `{name}` does not offer",
                        requirement.call
                    ),
                    [format!("providers that offer it: {}", others.join(", "))],
                )
                .into());
        }
    }
    not_built(loaded, config)
}

/// What the schema knows and this build does not.
fn not_built(loaded: &Loaded, config: &Config) -> Result<(), StartError> {
    let refuse = |pointer: &str, what: &str, help: &str| {
        Err(loaded
            .fault(pointer, format!("{what} is not in this build"), [help])
            .into())
    };
    if let Some(hook) = config.logger.hooks.first() {
        let what = match hook {
            LoggerHook::Syslog => "the logger hook `syslog`",
            LoggerHook::ElasticSearch => "the logger hook `elastic_search`",
        };
        return refuse("/logger/hooks/0", what, "take it out of `logger.hooks`");
    }
    if config.tracer.enabled {
        return refuse(
            "/tracer/enabled",
            "the exporter `zipkin`",
            "set `tracer.enabled` to false",
        );
    }
    Ok(())
}

fn call(name: &str) -> Option<Call> {
    capability::CALLS
        .iter()
        .copied()
        .find(|call| call.as_str() == name)
}

fn provider_name(provider: crate::config::Provider) -> &'static str {
    match provider {
        crate::config::Provider::Consul => "consul",
        crate::config::Provider::Etcd => "etcd",
        crate::config::Provider::Zookeeper => "zookeeper",
        crate::config::Provider::Redb => "redb",
    }
}
