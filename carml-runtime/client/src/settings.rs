//! What the config says of a target.

use std::{collections::HashMap, sync::Arc, time::Duration};

use carml_config::{
    TargetName,
    model::{
        self, ClientKeepalive, ClientTarget, HedgingPolicy, LoadBalancingPolicy, MethodConfig,
        RetryPolicy, RetryThrottling, RetryableStatusCode,
    },
};
use http::{
    HeaderValue,
    uri::{Authority, Scheme},
};
use tonic::Code;

use crate::{address::Address, error::Error};

/// What calls say that they are from.
pub(crate) const USER_AGENT: HeaderValue =
    HeaderValue::from_static(concat!("grpc-rust-carml/", env!("CARGO_PKG_VERSION")));

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
    /// The service whose health counts, if instances are asked.
    pub(crate) health: Option<String>,
    pub(crate) outliers: Option<OutlierDetection>,
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
        let is_discovered = matches!(source, Source::Discovery(_));
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
            health: match &config.health_check {
                Some(check) => check.enabled.then(|| check.service_name.clone()),
                None => is_discovered.then(String::new),
            },
            outliers: config.outlier_detection.as_ref().map(OutlierDetection::of),
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

impl Policy {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::LeastRequest { .. } => "least_request",
            Self::RoundRobin => "round_robin",
            Self::PickFirst => "pick_first",
        }
    }
}

impl Settings {
    /// Nobody on the way can read what is sent.
    pub(crate) fn is_private(&self) -> bool {
        let is_here = |address: &Address| match address {
            Address::Unix(_) => true,
            Address::Network(address) => is_loopback(address),
        };
        self.scheme == Scheme::HTTPS
            || match &self.source {
                Source::Fixed(addresses) => addresses.iter().all(is_here),
                Source::Dns(name) => is_loopback(name),
                Source::Discovery(_) => false,
            }
    }
}

/// Whether `host:port` is this machine.
fn is_loopback(address: &str) -> bool {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
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
    pub(crate) hedging: Option<Hedging>,
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

/// Hedging of gRFC A6.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Hedging {
    pub(crate) max_attempts: u32,
    pub(crate) delay: Duration,
    pub(crate) non_fatal_codes: Vec<Code>,
}

/// gRFC A50.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct OutlierDetection {
    pub(crate) interval: Duration,
    pub(crate) base_ejection_time: Duration,
    pub(crate) max_ejection_time: Duration,
    pub(crate) max_ejection_percent: usize,
    pub(crate) failure_percentage: Option<FailurePercentage>,
    pub(crate) success_rate: Option<SuccessRate>,
}

/// Too many calls of an instance fail.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FailurePercentage {
    pub(crate) threshold: u64,
    pub(crate) minimum_hosts: usize,
    pub(crate) request_volume: u64,
}

/// Fewer calls of an instance succeed than of others.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SuccessRate {
    /// In thousandths.
    pub(crate) stdev_factor: u64,
    pub(crate) minimum_hosts: usize,
    pub(crate) request_volume: u64,
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
                hedging: entry.hedging_policy.as_ref().map(Hedging::of),
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

impl Hedging {
    fn of(config: &HedgingPolicy) -> Self {
        Self {
            max_attempts: u32::try_from(config.max_attempts).unwrap_or(5),
            delay: config.hedging_delay.get(),
            non_fatal_codes: config.non_fatal_status_codes.iter().map(code).collect(),
        }
    }
}

impl OutlierDetection {
    fn of(config: &model::OutlierDetection) -> Self {
        let count = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        Self {
            interval: config.interval.get(),
            base_ejection_time: config.base_ejection_time.get(),
            max_ejection_time: config.max_ejection_time.get(),
            max_ejection_percent: count(config.max_ejection_percent),
            failure_percentage: config.failure_percentage.as_ref().map(|config| {
                FailurePercentage {
                    threshold: config.threshold,
                    minimum_hosts: count(config.minimum_hosts),
                    request_volume: config.request_volume,
                }
            }),
            success_rate: config.success_rate.as_ref().map(|config| SuccessRate {
                stdev_factor: config.stdev_factor,
                minimum_hosts: count(config.minimum_hosts),
                request_volume: config.request_volume,
            }),
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
            hedging_policy: None,
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
