//! Targets of clients that cannot work.

use super::Rules;
use crate::{Duration, TargetName};
use carml_diagnostic::{Bound, Diagnostic, Kind, Rule};
use carml_schema::pointer;
use serde_json::{Map, Value};
use std::time;

const TARGETS: &str = "/grpc/client/targets";

/// What servers accept at most, by gRFC A8.
const MIN_KEEPALIVE: time::Duration = time::Duration::from_secs(10);

pub(super) fn check(rules: &mut Rules<'_>) {
    let targets = rules.document.value().pointer(TARGETS);
    let Some(targets) = targets.and_then(Value::as_object) else {
        return;
    };
    for (name, target) in targets {
        let Some(target) = target.as_object() else {
            continue;
        };
        let at = pointer::join(TARGETS, name);
        if rules.is_own(&at) {
            address(rules, &at, name, target);
            tls(rules, &at, target);
            durations(rules, &at, target);
            policies(rules, &at, target);
        }
    }
}

fn address(rules: &mut Rules<'_>, at: &str, name: &str, target: &Map<String, Value>) {
    let given = target.get("target").and_then(Value::as_str);
    if given.is_some() && target.contains_key("endpoints") {
        let error = Diagnostic::new(Kind::MutuallyExclusive {
            keys: vec!["target".to_owned(), "endpoints".to_owned()],
            parent: at.to_owned(),
        });
        rules.add(error.help("remove one of them"), &format!("{at}/endpoints"));
    }
    let default = format!("discovery:///{name}");
    if !target.contains_key("endpoints")
        && let Err(why) = TargetName::parse(given.unwrap_or(&default))
    {
        let pointer = match given {
            Some(_) => format!("{at}/target"),
            None => at.to_owned(),
        };
        let error = Diagnostic::new(Kind::FormatMismatch {
            at: pointer.clone(),
            expected: why.expected().to_owned(),
        });
        let error = match given {
            Some(_) => error,
            None => error.help("add `target: …` or `endpoints: […]`"),
        };
        rules.add(error, &pointer);
    }
}

fn tls(rules: &mut Rules<'_>, at: &str, target: &Map<String, Value>) {
    let Some(tls) = target.get("tls").and_then(Value::as_object) else {
        return;
    };
    let at = format!("{at}/tls");
    super::tls::client(rules, &at, tls);
    let is_discovered = match target.get("target").and_then(Value::as_str) {
        Some(target) => target.starts_with("discovery:"),
        None => !target.contains_key("endpoints"),
    };
    if is_discovered && !tls.contains_key("server_name") {
        let error = Diagnostic::new(Rule::Unpaired {
            given: "tls".to_owned(),
            missing: "server_name".to_owned(),
        });
        let help = "add `server_name: …`, which the certificates of the service must have: a \
                    registry has only addresses, and must not decide whom to trust";
        rules.add(error.help(help), &at);
    }
}

/// A method is retried or hedged.
fn policies(rules: &mut Rules<'_>, at: &str, target: &Map<String, Value>) {
    let methods = target.get("method_config").and_then(Value::as_array);
    for (n, method) in methods.into_iter().flatten().enumerate() {
        let has = |key: &str| method.get(key).is_some_and(|policy| !policy.is_null());
        if has("retry_policy") && has("hedging_policy") {
            let parent = format!("{at}/method_config/{n}");
            let error = Diagnostic::new(Kind::MutuallyExclusive {
                keys: vec!["retry_policy".to_owned(), "hedging_policy".to_owned()],
                parent: parent.clone(),
            });
            let error = error.help("remove one of them");
            rules.add(error, &format!("{parent}/hedging_policy"));
        }
    }
}

fn durations(rules: &mut Rules<'_>, at: &str, target: &Map<String, Value>) {
    let mut check = |pointer: String,
                     text: Option<&Value>,
                     least: Bound,
                     is_low: &dyn Fn(time::Duration) -> bool| {
        let duration = text
            .and_then(Value::as_str)
            .and_then(|text| text.parse::<Duration>().ok());
        if duration.is_some_and(|duration| is_low(duration.get())) {
            let error = Diagnostic::new(Kind::OutOfRange {
                at: pointer.clone(),
                bound: least,
            });
            rules.add(error, &pointer);
        }
    };
    let more_than_zero = || Bound::MoreThan("0".to_owned());
    let is_zero = |duration: time::Duration| duration.is_zero();
    check(
        format!("{at}/connect_timeout"),
        target.get("connect_timeout"),
        more_than_zero(),
        &is_zero,
    );
    let keepalive = target.get("keepalive").and_then(Value::as_object);
    if let Some(keepalive) = keepalive {
        check(
            format!("{at}/keepalive/time"),
            keepalive.get("time"),
            Bound::AtLeast("10s".to_owned()),
            &|time| !time.is_zero() && time < MIN_KEEPALIVE,
        );
        check(
            format!("{at}/keepalive/timeout"),
            keepalive.get("timeout"),
            more_than_zero(),
            &is_zero,
        );
    }
    let outliers = target.get("outlier_detection").and_then(Value::as_object);
    if let Some(outliers) = outliers {
        for key in ["interval", "base_ejection_time", "max_ejection_time"] {
            check(
                format!("{at}/outlier_detection/{key}"),
                outliers.get(key),
                more_than_zero(),
                &is_zero,
            );
        }
    }
    let methods = target.get("method_config").and_then(Value::as_array);
    for (n, method) in methods.into_iter().flatten().enumerate() {
        let at = format!("{at}/method_config/{n}");
        check(
            format!("{at}/timeout"),
            method.get("timeout"),
            more_than_zero(),
            &is_zero,
        );
        let policy = method.get("retry_policy");
        for key in ["initial_backoff", "max_backoff"] {
            check(
                format!("{at}/retry_policy/{key}"),
                policy.and_then(|policy| policy.get(key)),
                more_than_zero(),
                &is_zero,
            );
        }
    }
}
