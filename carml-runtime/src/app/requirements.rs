//! Does the provider offer what the services require, and is it in this build?

use carml_diagnostic::Report;

use crate::{
    config::{
        Config, Loaded,
        model::{LoggerHook, Provider},
    },
    kv::capability::{self, PROVIDERS, Requirement},
};

pub(super) fn check(
    loaded: &Loaded,
    config: &Config,
    requires: &[(&'static str, Requirement)],
) -> Result<(), Report> {
    let provider = config
        .registry
        .as_ref()
        .map_or(Provider::Redb, |registry| registry.provider);
    let name = provider_name(provider);
    let Some(provider) = PROVIDERS.iter().find(|provider| provider.as_str() == name) else {
        return Ok(());
    };
    for (service, requirement) in requires {
        if let Some(missing) = capability::unmet(*provider, &[*requirement]).first() {
            let others: Vec<&str> = missing
                .providers
                .iter()
                .map(|other| other.as_str())
                .collect();
            let (call, scope) = (requirement.call.as_str(), requirement.scope.as_str());
            return Err(loaded
                .fault(
                    "/registry/provider",
                    format!(
                        "the service `{service}` requires `{call}` with scope `{scope}`, which `{name}` does not offer"
                    ),
                    [format!("providers that offer it: {}", others.join(", "))],
                ));
        }
    }
    not_built(loaded, config)
}

/// What the schema knows and this build does not.
fn not_built(loaded: &Loaded, config: &Config) -> Result<(), Report> {
    let refuse = |pointer: &str, what: &str, help: &str| {
        Err(loaded.fault(pointer, format!("{what} is not in this build"), [help]))
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

fn provider_name(provider: Provider) -> &'static str {
    match provider {
        Provider::Consul => "consul",
        Provider::Etcd => "etcd",
        Provider::Zookeeper => "zookeeper",
        Provider::Redb => "redb",
    }
}
