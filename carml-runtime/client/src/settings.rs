//! What the config says of a target.

use std::{collections::HashMap, sync::Arc, time::Duration};

use carml_config::{
    TargetName,
    model::{
        ClientKeepalive, ClientTarget, LoadBalancingPolicy, MethodConfig, RetryPolicy,
        RetryThrottling, RetryableStatusCode,
    },
};
use http::uri::{Authority, Scheme};
use tonic::Code;

use crate::{address::Address, error::Error};

/// What a target does.
#[derive(Debug)]
pub(crate) struct Settings {
    /// For messages.
    pub(crate) name: String,
    pub(crate) source: Source,
    pub(crate) policy: Policy,
    pub(crate) connect_timeout: Duration,
    pub(crate) keepalive: Keepalive,
    pub(crate) methods: Methods,
    pub(crate) throttling: Option<RetryThrottling>,
    pub(crate) scheme: Scheme,
    /// What the calls are for, as logs show it.
    pub(crate) authority: Authority,
    /// What the requests name, if that is not the address of the instance.
    pub(crate) host: Option<Authority>,
}

/// Where the instances are found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Discovery(String),
    Dns(String),
    Fixed(Vec<Address>),
}

/// Which instance a call goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Policy {
    LeastRequest { choices: usize },
    RoundRobin,
    PickFirst,
}

/// PINGs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keepalive {
    /// None if there are none.
    pub(crate) time: Option<Duration>,
    pub(crate) timeout: Duration,
    pub(crate) without_calls: bool,
}

impl Settings {
    pub(crate) fn new(name: &str, config: &ClientTarget) -> Result<Self, Error> {
        let target = match (&config.endpoints, &config.target) {
            (Some(endpoints), _) => endpoints.join(","),
            (None, Some(target)) => target.clone(),
            (None, None) => format!("discovery:///{name}"),
        };
        let source = match &config.endpoints {
            Some(endpoints) => {
                let addresses = endpoints.iter().map(|address| Address::network(address));
                Source::Fixed(addresses.collect())
            }
            None => Source::parse(&target)?,
        };
        let tls = config.tls.as_ref();
        let parse = |text: &str| Authority::try_from(text).ok();
        let server_name = tls.and_then(|tls| parse(tls.server_name.as_deref()?));
        let host = match &source {
            Source::Dns(name) => server_name.or_else(|| parse(name)),
            _ => server_name,
        };
        let authority = match &source {
            Source::Discovery(service) => parse(service),
            Source::Dns(name) => parse(name),
            Source::Fixed(addresses) => match &addresses[..] {
                [Address::Network(address)] => parse(address),
                _ => None,
            },
        };
        Ok(Self {
            name: target,
            source,
            policy: match config.load_balancing.policy {
                LoadBalancingPolicy::LeastRequest => Policy::LeastRequest {
                    choices: usize::try_from(config.load_balancing.choice_count).unwrap_or(2),
                },
                LoadBalancingPolicy::RoundRobin => Policy::RoundRobin,
                LoadBalancingPolicy::PickFirst => Policy::PickFirst,
            },
            connect_timeout: config.connect_timeout.get(),
            keepalive: Keepalive::of(&config.keepalive),
            methods: Methods::of(&config.method_config),
            throttling: config.retry_throttling.clone(),
            scheme: match tls {
                Some(_) => Scheme::HTTPS,
                None => Scheme::HTTP,
            },
            authority: authority
                .or_else(|| parse(name))
                .unwrap_or_else(|| Authority::from_static("localhost")),
            host,
        })
    }
}

impl Source {
    fn parse(target: &str) -> Result<Self, Error> {
        let parsed = TargetName::parse(target).map_err(|why| Error::Target {
            target: target.to_owned(),
            why,
        })?;
        Ok(match parsed {
            TargetName::Discovery(service) => Self::Discovery(service.to_owned()),
            TargetName::Dns(name) => Self::Dns(name.to_owned()),
            TargetName::Addresses(list) => {
                Self::Fixed(list.into_iter().map(Address::network).collect())
            }
            TargetName::Unix(path) => Self::Fixed(vec![Address::unix(path)]),
        })
    }
}

impl Keepalive {
    fn of(config: &ClientKeepalive) -> Self {
        let time = config.time.get();
        Self {
            time: (!time.is_zero()).then_some(time),
            timeout: config.timeout.get(),
            without_calls: config.without_calls,
        }
    }
}

/// What applies to one method.
#[derive(Debug, Default)]
pub(crate) struct Method {
    pub(crate) timeout: Option<Duration>,
    pub(crate) wait_for_ready: bool,
    pub(crate) retry: Option<Retry>,
}

/// A policy of gRFC A6.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Retry {
    pub(crate) max_attempts: u32,
    pub(crate) initial_backoff: Duration,
    pub(crate) max_backoff: Duration,
    pub(crate) multiplier: f64,
    pub(crate) codes: Vec<Code>,
}

/// What applies to which method.
#[derive(Debug)]
pub(crate) struct Methods {
    /// By `/service/method`, by `/service/`, and by the empty name.
    by_name: HashMap<String, Arc<Method>>,
    others: Arc<Method>,
}

impl Methods {
    fn of(config: &[MethodConfig]) -> Self {
        let mut by_name = HashMap::new();
        for entry in config {
            let method = Arc::new(Method {
                timeout: entry.timeout.map(carml_config::Duration::get),
                wait_for_ready: entry.wait_for_ready,
                retry: entry.retry_policy.as_ref().map(Retry::of),
            });
            for name in &entry.name {
                let path = match (&name.service, &name.method) {
                    (None, _) => String::new(),
                    (Some(service), None) => format!("/{service}/"),
                    (Some(service), Some(method)) => format!("/{service}/{method}"),
                };
                // As in gRPC, the first one applies.
                by_name.entry(path).or_insert_with(|| Arc::clone(&method));
            }
        }
        let others = by_name.remove("").unwrap_or_default();
        Self { by_name, others }
    }

    /// What applies to `/service/method`: the most specific.
    pub(crate) fn of_path(&self, path: &str) -> &Arc<Method> {
        if self.by_name.is_empty() {
            return &self.others;
        }
        let service = path.rfind('/').map_or(path, |end| &path[..=end]);
        let named = self.by_name.get(path);
        named
            .or_else(|| self.by_name.get(service))
            .unwrap_or(&self.others)
    }
}

impl Retry {
    fn of(config: &RetryPolicy) -> Self {
        Self {
            max_attempts: u32::try_from(config.max_attempts).unwrap_or(5),
            initial_backoff: config.initial_backoff.get(),
            max_backoff: config.max_backoff.get(),
            multiplier: config.backoff_multiplier,
            codes: config.retryable_status_codes.iter().map(code).collect(),
        }
    }
}

fn code(code: &RetryableStatusCode) -> Code {
    match code {
        RetryableStatusCode::Cancelled => Code::Cancelled,
        RetryableStatusCode::Unknown => Code::Unknown,
        RetryableStatusCode::InvalidArgument => Code::InvalidArgument,
        RetryableStatusCode::DeadlineExceeded => Code::DeadlineExceeded,
        RetryableStatusCode::NotFound => Code::NotFound,
        RetryableStatusCode::AlreadyExists => Code::AlreadyExists,
        RetryableStatusCode::PermissionDenied => Code::PermissionDenied,
        RetryableStatusCode::ResourceExhausted => Code::ResourceExhausted,
        RetryableStatusCode::FailedPrecondition => Code::FailedPrecondition,
        RetryableStatusCode::Aborted => Code::Aborted,
        RetryableStatusCode::OutOfRange => Code::OutOfRange,
        RetryableStatusCode::Unimplemented => Code::Unimplemented,
        RetryableStatusCode::Internal => Code::Internal,
        RetryableStatusCode::Unavailable => Code::Unavailable,
        RetryableStatusCode::DataLoss => Code::DataLoss,
        RetryableStatusCode::Unauthenticated => Code::Unauthenticated,
    }
}

#[cfg(test)]
mod tests {
    use carml_config::model::MethodName;

    use super::*;

    #[test]
    fn the_most_specific_name_applies() {
        let entry = |service: Option<&str>, method: Option<&str>, seconds| MethodConfig {
            name: vec![MethodName {
                service: service.map(str::to_owned),
                method: method.map(str::to_owned),
            }],
            timeout: Some(Duration::from_secs(seconds).into()),
            wait_for_ready: false,
            retry_policy: None,
        };
        let methods = Methods::of(&[
            entry(None, None, 1),
            entry(Some("a.B"), None, 2),
            entry(Some("a.B"), Some("C"), 3),
            entry(Some("a.B"), Some("C"), 4),
        ]);
        let timeout = |path| {
            methods
                .of_path(path)
                .timeout
                .map(|timeout| timeout.as_secs())
        };
        assert_eq!(timeout("/a.B/C"), Some(3));
        assert_eq!(timeout("/a.B/D"), Some(2));
        assert_eq!(timeout("/a.BC/C"), Some(1));
        assert_eq!(Methods::of(&[]).of_path("/a.B/C").timeout, None);
    }
}
