//! Consul, and its HTTP API.

use std::process::Command;

use serde_json::{Value, json};

use crate::harness::{
    NOT_SERVING, Registry, SERVICE, SERVING, Service, check_kill, check_outages, check_pause,
};

/// Calls the API as any program does.
fn api(registry: &Registry, path: &str, body: Option<&Value>) -> Value {
    let mut command = Command::new("curl");
    command.args(["--silent", "--fail", "--show-error"]);
    if let Some(body) = body {
        command.args(["--request", "PUT", "--data", &body.to_string()]);
    }
    let url = format!("http://{}{path}", registry.endpoint());
    let done = command.arg(url).output().unwrap();
    assert!(done.status.success(), "{path}: {done:?}");
    serde_json::from_slice(&done.stdout).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn consuls_api_shows_a_service_while_it_serves() {
    let registry = Registry::start("consul");
    let mut service = Service::start(&registry);
    let address = service.address.to_string();
    registry.wait_for(std::slice::from_ref(&address));
    assert_eq!(service.health("carml.registration").await, Ok(SERVING));
    let path = format!("/v1/health/service/{SERVICE}?passing");
    let found = api(&registry, &path, None);
    assert_eq!(found.as_array().unwrap().len(), 1);
    let entry = &found[0]["Service"];
    assert_eq!(entry["Address"], service.address.ip().to_string());
    assert_eq!(entry["Port"], service.address.port());
    assert_eq!(entry["Meta"], json!({"zone": "a"}));

    // An agent that has lost the entry gets it again.
    let id = format!("/v1/agent/service/deregister/{SERVICE}-{address}");
    api(&registry, &id, Some(&Value::Null));
    registry.wait_for(&[]);
    registry.wait_for(std::slice::from_ref(&address));

    service.signal("TERM");
    registry.wait_for(&[]);
    assert_eq!(api(&registry, &path, None), json!([]));
    assert_eq!(service.health(SERVICE).await, Ok(NOT_SERVING));
    assert!(service.child.wait().unwrap().success());
}

#[test]
fn a_service_that_consuls_api_registers_is_found_while_its_check_passes() {
    let registry = Registry::start("consul");
    let other = json!({
        "ID": "carts-1", "Name": "shop.v1.Carts", "Address": "10.0.0.9", "Port": 70,
        "Meta": {"language": "shell"}, "Check": {"TTL": "1m", "Status": "passing"},
    });
    api(&registry, "/v1/agent/service/register", Some(&other));
    let resolve = ["services", "resolve", "shop.v1.Carts", "--format", "json"];
    let found = registry.carml(&resolve).output().unwrap();
    let found: Value = serde_json::from_slice(&found.stdout).unwrap();
    let metadata = json!({"language": "shell"});
    assert_eq!(
        found,
        json!([{"address": "10.0.0.9:70", "metadata": &metadata}])
    );
    let listed = registry
        .carml(&["services", "list", "--format", "json"])
        .output()
        .unwrap();
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    let other = json!({"service": "shop.v1.Carts", "address": "10.0.0.9:70", "metadata": metadata});
    assert!(listed.as_array().unwrap().contains(&other), "{listed}");

    api(
        &registry,
        "/v1/agent/check/fail/service:carts-1",
        Some(&Value::Null),
    );
    let found = registry.carml(&resolve).output().unwrap();
    assert_eq!(found.status.code(), Some(1), "{found:?}");
}

#[test]
fn a_killed_service_is_gone_after_its_ttl_and_not_before() {
    check_kill(&Registry::start("consul"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consul_that_was_away_for_longer_than_the_ttl_gets_the_entry_again() {
    check_outages(&Registry::start("consul")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_process_comes_back_to_its_entry_and_without_its_lock() {
    check_pause(&Registry::start("consul")).await;
}
