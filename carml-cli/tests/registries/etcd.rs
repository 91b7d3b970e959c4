//! etcd, and Go programs that use its own packages.

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use crate::harness::{
    NOT_SERVING, Registry, SERVICE, SERVING, Service, check_kill, check_outages, check_pause,
    installed, stdout,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_service_is_registered_while_it_serves_and_gone_before_it_stops_accepting() {
    let registry = Registry::start("etcd");
    assert_eq!(registry.addresses(), [""; 0]);
    let mut service = Service::start(&registry);
    let address = service.address.to_string();
    registry.wait_for(std::slice::from_ref(&address));
    assert_eq!(service.health("carml.registration").await, Ok(SERVING));

    // Exactly what etcd's own packages write.
    let etcdctl = |arguments: &[&str]| {
        let mut command = Command::new("etcdctl");
        command
            .env("ETCDCTL_API", "3")
            .args(["--endpoints", &registry.endpoint()]);
        String::from_utf8(command.args(arguments).output().unwrap().stdout).unwrap()
    };
    let key = format!("{SERVICE}/{address}");
    let value = etcdctl(&["get", "--print-value-only", &key]);
    let expected = format!(r#"{{"Op":0,"Addr":"{address}","Metadata":{{"zone":"a"}}}}"#);
    assert_eq!(value.trim(), expected);

    let listed = registry
        .carml(&["services", "list", "--format", "json"])
        .output()
        .unwrap();
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    let metadata = json!({"zone": "a"});
    assert_eq!(
        listed,
        json!([{"service": SERVICE, "address": address, "metadata": metadata}])
    );

    service.signal("TERM");
    registry.wait_for(&[]);
    // It still serves, for those that have its address.
    assert_eq!(service.health(SERVICE).await, Ok(NOT_SERVING));
    assert_eq!(service.health("carml.registration").await, Ok(NOT_SERVING));
    assert!(service.child.wait().unwrap().success());
    let lines = ["INFO registered", "INFO registration ended"];
    assert_eq!(service.registration_lines(), lines);
}

#[test]
fn a_killed_service_is_gone_after_its_ttl_and_not_before() {
    check_kill(&Registry::start("etcd"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_etcd_that_was_away_for_longer_than_the_ttl_gets_the_entry_again() {
    check_outages(&Registry::start("etcd")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_process_comes_back_to_its_entry_and_without_its_lock() {
    check_pause(&Registry::start("etcd")).await;
}

/// The program that `tests/servers/install etcd-naming` builds.
fn go(arguments: &[&str]) -> Command {
    let mut command = Command::new(installed("etcd-naming/etcd-naming"));
    command.args(arguments);
    command
}

#[test]
fn go_programs_with_etcds_own_packages_find_a_service_and_are_found() {
    let registry = Registry::start("etcd");
    let service = Service::start(&registry);
    let address = service.address.to_string();
    registry.wait_for(std::slice::from_ref(&address));
    let called = go(&["call", &registry.endpoint(), SERVICE]).output();
    let called = called.unwrap();
    assert_eq!(
        stdout(&called),
        format!("{address} SERVING\n"),
        "{called:?}"
    );

    let mut other = go(&["serve", &registry.endpoint(), "demo.v1.Go"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(other.stdout.take().unwrap()).lines();
    let other_address = lines.next().unwrap().unwrap();
    let arguments = ["services", "resolve", "demo.v1.Go", "--format", "json"];
    let found = registry.carml(&arguments).output().unwrap();
    let found: Value = serde_json::from_slice(&found.stdout).unwrap();
    let metadata = json!({"language": "go"});
    assert_eq!(
        found,
        json!([{"address": other_address, "metadata": metadata}])
    );
    let listed = registry.carml(&["services", "list"]).output().unwrap();
    let expected = format!(
        "{SERVICE}  {address:15}  {{\"zone\":\"a\"}}\ndemo.v1.Go            {other_address:15}  {{\"language\":\"go\"}}\n"
    );
    assert_eq!(stdout(&listed), expected);

    drop(other.stdin.take());
    assert!(other.wait().unwrap().success());
    let found = registry.carml(&arguments).output().unwrap();
    assert_eq!(
        (found.status.code(), stdout(&found)),
        (Some(1), "[]\n".to_owned())
    );
    let said = String::from_utf8(found.stderr).unwrap();
    assert!(
        said.contains("no instance of `demo.v1.Go` is registered"),
        "{said}"
    );
}
