//! ZooKeeper, and a Java program that uses Curator's own client.

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use crate::harness::{
    Registry, SERVICE, Service, check_kill, check_outages, check_pause, installed, stdout,
};

#[test]
fn a_killed_service_is_gone_after_its_ttl_and_not_before() {
    check_kill(&Registry::start("zookeeper"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zookeeper_that_was_away_for_longer_than_the_ttl_gets_the_entry_again() {
    check_outages(&Registry::start("zookeeper")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_process_comes_back_to_its_entry_and_without_its_lock() {
    check_pause(&Registry::start("zookeeper")).await;
}

/// The program that `tests/servers/install curator-discovery` builds.
fn java(registry: &Registry, command: &str, arguments: &[&str]) -> Command {
    let folder = installed("curator-discovery");
    let classes = format!("{0}:{0}/lib/*", folder.display());
    let mut java = Command::new("java");
    java.args(["-classpath", &classes, "CuratorDiscovery", command]);
    java.args([&registry.endpoint(), "/services"])
        .args(arguments);
    java
}

#[test]
fn a_java_program_with_curators_client_finds_a_service_and_is_found() {
    let registry = Registry::with_prefix("zookeeper", "services");
    let mut service = Service::start(&registry);
    let address = service.address.to_string();
    registry.wait_for(std::slice::from_ref(&address));
    let find = || java(&registry, "find", &[SERVICE]).output().unwrap();
    let found = find();
    assert_eq!(
        stdout(&found),
        format!("{address} {{zone=a}}\n"),
        "{found:?}"
    );

    let mut other = java(&registry, "serve", &["demo.v1.Java", "10.0.0.7:7070"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(other.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "registered");
    let resolve = ["services", "resolve", "demo.v1.Java", "--format", "json"];
    let resolved = registry.carml(&resolve).output().unwrap();
    let resolved: Value = serde_json::from_slice(&resolved.stdout).unwrap();
    let metadata = json!({"language": "java"});
    assert_eq!(
        resolved,
        json!([{"address": "10.0.0.7:7070", "metadata": metadata}])
    );
    let listed = registry.carml(&["services", "list"]).output().unwrap();
    let expected = format!(
        "{SERVICE}  {address:15}  {{\"zone\":\"a\"}}\ndemo.v1.Java          10.0.0.7:7070    {{\"language\":\"java\"}}\n"
    );
    assert_eq!(stdout(&listed), expected);

    drop(other.stdin.take());
    assert!(other.wait().unwrap().success());
    let gone = registry.carml(&resolve).output().unwrap();
    assert_eq!(
        (gone.status.code(), stdout(&gone)),
        (Some(1), "[]\n".to_owned())
    );

    service.signal("TERM");
    assert!(service.child.wait().unwrap().success());
    let gone = find();
    assert!(
        gone.status.success() && stdout(&gone).is_empty(),
        "{gone:?}"
    );
}
