//! The section `registry` with all of its keys, as users write it, on an etcd with that user and that
//! password.

use std::{fs::File, process::Command};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use carml_test_servers::Server;

use crate::service::{Refused, Service, add, counter};

const BLOCK: &str = "\
registry:
  provider: etcd
  endpoints:
    - 127.0.0.1
  username: root
  password: foo
  timeout: 5s
  certificate: XXX
  bucket: name_of_bucket
  header_timeout_per_request: 1m
  auto_sync: true
";

fn refused(registry: &str) -> Refused {
    let folder = tempfile::tempdir().unwrap();
    Service::start(&folder, registry).unwrap_err()
}

#[test]
fn a_placeholder_for_the_certificate_is_refused_with_its_line() {
    let Refused { code, report } = refused(BLOCK);
    assert_eq!(code, Some(1), "{report}");
    for expected in ["carml.yml:8:16", "neither PEM text nor PEM text in base64"] {
        assert!(report.contains(expected), "missing {expected} in\n{report}");
    }
    let found = report.matches("error[").count() + report.matches("warning[").count();
    assert_eq!(found, 1, "the rest is valid:\n{report}");
}

/// The block names no port: its etcd has to be at the default one, of which a machine has one. Other
/// runs of this test wait until this value is dropped.
async fn default_port() -> File {
    let wait = || {
        let file = File::create(std::env::temp_dir().join("carml-test-port-2379.lock")).unwrap();
        file.lock().unwrap();
        file
    };
    tokio::task::spawn_blocking(wait).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_block_serves_with_its_authority_and_each_of_its_keys_acts() {
    let _port = default_port().await;
    let server = Server::started(&["etcd", "--tls", "--auth", "--port", "2379"]).await;
    let pki = |name: &str| server.about()["pki"][name].as_str().unwrap();
    let base64 = |name: &str| BASE64_STANDARD.encode(std::fs::read(pki(name)).unwrap());
    let block = BLOCK.replace("XXX", &base64("ca_pem"));
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(&folder, &block).unwrap();
    let mut client = service.client().await;
    let answer = client.add(add("visits", 7)).await.unwrap().into_inner();
    assert_eq!(answer.sum, 7);
    let etcdctl = Command::new("etcdctl")
        .env("ETCDCTL_API", "3")
        .args(["--endpoints", "https://127.0.0.1:2379"])
        .args(["--cacert", pki("ca_pem"), "--user", "root:foo"])
        .args([
            "get",
            "--print-value-only",
            "name_of_bucket/counters/visits",
        ])
        .output()
        .unwrap();
    assert_eq!(etcdctl.stdout, b"7\n", "{etcdctl:?}");

    let changed = |key: &str, value: &str| {
        let line = |line: &str| match line.trim_start().starts_with(&format!("{key}:")) {
            true => format!("  {key}: {value}\n"),
            false => format!("{line}\n"),
        };
        let changed: String = block.lines().map(line).collect();
        assert_ne!(changed, block, "{key}");
        changed
    };
    let elsewhere = block.replace("- 127.0.0.1\n", "- 127.0.0.1:1\n");
    for (key, registry) in [
        ("endpoints", elsewhere),
        ("username", changed("username", "somebody")),
        ("password", changed("password", "bar")),
        (
            "certificate",
            changed("certificate", &base64("other_ca_pem")),
        ),
        ("timeout", changed("timeout", "1us")),
        (
            "header_timeout_per_request",
            changed("header_timeout_per_request", "1us"),
        ),
    ] {
        let Refused { code, report } = refused(&registry);
        assert_eq!(code, Some(1), "{key} has no effect: {report}");
        assert!(report.contains("etcd"), "{key}: {report}");
        assert!(
            !report.contains("foo") && !report.contains("bar"),
            "{report}"
        );
    }
    let folder = tempfile::tempdir().unwrap();
    let other = Service::start(&folder, &changed("bucket", "another")).unwrap();
    let mut other = other.client().await;
    let answer = other.get(counter("visits")).await.unwrap().into_inner();
    assert_eq!(answer.sum, 0, "bucket has no effect");
}
