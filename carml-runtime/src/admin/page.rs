//! The status page.

use std::time::{Duration, Instant, SystemTime};

use askama::Template;
use carml_grpc::MethodCalls;

use super::{facts::Facts, recent::Recent};
use crate::{
    client::TargetReport,
    config::chain::Step,
    probe::{Endpoints, Known},
};

/// A certificate that ends sooner is marked.
const SOON: Duration = Duration::from_secs(14 * 24 * 3600);

/// What the template shows.
#[derive(Template)]
#[template(path = "admin.html")]
pub(super) struct Page<'a> {
    name: &'a str,
    version: Option<&'a str>,
    carml_version: &'static str,
    address: &'a str,
    uptime: String,
    /// Why it is not ready, if it is not.
    obstacle: Option<&'static str>,
    services: &'a [&'static str],
    /// Absent if the chain has no `metrics`.
    methods: Option<Methods>,
    chain: Vec<ChainStep>,
    clients: Vec<TargetReport>,
    registration: Option<String>,
    endpoints: Vec<(String, Known)>,
    log_level: String,
    hooks: Vec<carml_telemetry::Hook>,
    certificate: Option<Certificate>,
}

/// The calls of each method.
struct Methods {
    /// What the rates are of.
    since: String,
    rows: Vec<Row>,
}

struct Row {
    name: String,
    total: u64,
    rate: String,
    errors: String,
    has_errors: bool,
    p50: String,
    p99: String,
}

struct ChainStep {
    name: String,
    options: String,
    description: String,
}

struct Certificate {
    left: String,
    is_soon: bool,
}

impl<'a> Page<'a> {
    pub(super) fn new(facts: &'a Facts, recent: &Recent) -> Self {
        Self {
            name: &facts.name,
            version: facts.version.as_deref(),
            carml_version: env!("CARGO_PKG_VERSION"),
            address: &facts.address,
            uptime: span(facts.started.elapsed()),
            obstacle: facts.readiness.obstacle(),
            services: &facts.services,
            methods: facts.calls.as_ref().map(|calls| {
                let all = calls.read();
                let totals: Vec<u64> = all.iter().map(|one| one.started).collect();
                let (time, recent) = recent.since(Instant::now(), all);
                let rows = recent.into_iter().zip(totals);
                Methods {
                    since: span(time),
                    rows: rows.map(|(one, total)| row(one, total, time)).collect(),
                }
            }),
            chain: facts.plan.steps().iter().map(step).collect(),
            clients: facts.clients.report(),
            registration: facts.registration(),
            endpoints: facts
                .readiness
                .endpoints()
                .map(Endpoints::all)
                .unwrap_or_default(),
            log_level: facts.log_level(),
            hooks: carml_telemetry::hooks(),
            certificate: facts.expiry.as_ref().map(|expiry| certificate(expiry())),
        }
    }
}

fn row(recent: MethodCalls, total: u64, time: Duration) -> Row {
    let ended = recent.ended.count();
    let quantile = |share| recent.ended.quantile(share);
    Row {
        rate: format!("{:.1}", recent.started as f64 / time.as_secs_f64().max(1.0)),
        errors: match ended {
            0 => "–".to_owned(),
            _ => format!("{:.1} %", recent.errors as f64 * 100.0 / ended as f64),
        },
        has_errors: recent.errors > 0,
        p50: quantile(0.5).map_or_else(|| "–".to_owned(), millis),
        p99: quantile(0.99).map_or_else(|| "–".to_owned(), millis),
        name: recent.name,
        total,
    }
}

fn step(step: &Step) -> ChainStep {
    ChainStep {
        name: step.name().to_owned(),
        options: step.options().unwrap_or_default(),
        description: step.description().to_owned(),
    }
}

fn certificate(end: SystemTime) -> Certificate {
    match end.duration_since(SystemTime::now()) {
        Ok(left) => Certificate {
            left: format!("valid for {}", span(left)),
            is_soon: left < SOON,
        },
        Err(past) => Certificate {
            left: format!("expired {} ago", span(past.duration())),
            is_soon: true,
        },
    }
}

fn millis(seconds: f64) -> String {
    format!("{:.1} ms", seconds * 1e3)
}

/// The two largest units of a time.
fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, ..) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_two_units() {
        for (seconds, text) in [
            (0, "0 s"),
            (61, "1 min 1 s"),
            (3_660, "1 h 1 min"),
            (90_000, "1 d 1 h"),
        ] {
            assert_eq!(span(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn a_certificate_that_ends_soon_is_marked() {
        let after = |days: u64| {
            let seconds = days * 86_400 + 60;
            certificate(SystemTime::now() + Duration::from_secs(seconds))
        };
        assert!(!after(30).is_soon);
        assert!(after(3).is_soon);
        let past = certificate(SystemTime::now() - Duration::from_secs(60));
        assert!(
            past.is_soon && past.left.starts_with("expired"),
            "{}",
            past.left
        );
    }
}
