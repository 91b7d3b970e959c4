//! The acceptance test: all blocks of `document.md`, joined as they stand, with only the addresses
//! and the placeholders of certificates changed to those of real servers. Two blocks are only loaded
//! here: `health`, which nothing probes yet, and `grpc.client`, since the agent calls no service.
#![allow(clippy::unwrap_used, missing_docs)]

use std::{fs, process::Command};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use carml_test_agent::{Agent, document, span, syslog_line};
use carml_test_servers::{Server, until};
use example_agent::proto::agent::v1::PredictRequest;
use tonic::Code;

const DOCUMENT: &str = include_str!("../document.md");

/// The text of all blocks of YAML.
fn blocks() -> String {
    let blocks = DOCUMENT.split("```.yaml\n").skip(1);
    blocks
        .map(|rest| rest.split_once("```").unwrap().0)
        .collect()
}

struct Servers {
    etcd: Server,
    zipkin: Server,
    rsyslog: Server,
    opensearch: Server,
}

impl Servers {
    async fn start() -> Self {
        let (etcd, zipkin, rsyslog, opensearch) = tokio::join!(
            Server::started(&["etcd", "--tls", "--auth"]),
            Server::started(&["zipkin"]),
            Server::started(&["rsyslog"]),
            Server::started(&["opensearch", "--tls", "--auth"]),
        );
        Self {
            etcd,
            zipkin,
            rsyslog,
            opensearch,
        }
    }

    /// The config of the document, on these servers.
    fn config(&self) -> String {
        let endpoint = |server: &Server| server.endpoints().remove(0);
        let mut config = blocks();
        for (from, to) in [
            ("- 127.0.0.1\n", format!("- {}\n", endpoint(&self.etcd))),
            (
                "certificate: XXX",
                format!("certificate: {}", ca(&self.etcd)),
            ),
            ("- example.org\n", format!("- {}\n", endpoint(&self.zipkin))),
            (
                "elastic_cache.website.com:28124",
                endpoint(&self.opensearch),
            ),
            ("BASE64XXXXXXXX", ca(&self.opensearch)),
            ("trace.website.com:9411", endpoint(&self.zipkin)),
        ] {
            assert_eq!(config.matches(from).count(), 1, "{from}");
            config = config.replace(from, &to);
        }
        config
    }

    fn etcdctl(&self, arguments: &[&str]) -> String {
        let pki = self.etcd.about()["pki"]["ca_pem"].as_str().unwrap();
        let out = Command::new("etcdctl")
            .env("ETCDCTL_API", "3")
            .arg("--endpoints")
            .arg(format!("https://{}", self.etcd.endpoints()[0]))
            .args(["--cacert", pki, "--user", "root:foo"])
            .args(arguments)
            .output()
            .unwrap();
        assert!(out.status.success(), "{out:?}");
        String::from_utf8(out.stdout).unwrap()
    }
}

fn ca(server: &Server) -> String {
    let file = server.about()["pki"]["ca_pem"].as_str().unwrap();
    BASE64_STANDARD.encode(fs::read(file).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_document_starts_the_agent_and_its_blocks_act() {
    let servers = Servers::start().await;
    // The local socket is an address too: the document means that of the machine.
    let socket = servers.rsyslog.about()["socket"].as_str().unwrap();
    let variables = [("CARML__LOGGER__SYSLOG__SOCKET", socket.to_owned())];
    let agent = Agent::start(
        env!("CARGO_BIN_EXE_agent-on-servers"),
        &servers.config(),
        &variables,
    );
    let reply = agent.predict("first").await;
    assert_eq!(reply.label, "setosa");

    // grpc.server: the order of the list, and messages that are larger than the default of 4 MiB.
    let order = ["recover", "logging", "tracing", "max_message_size"];
    let places = order.map(|name| {
        agent
            .chain
            .find(name)
            .unwrap_or_else(|| panic!("{}", agent.chain))
    });
    assert!(places.is_sorted(), "{}", agent.chain);
    let mut client = agent.client().await;
    let large = PredictRequest {
        id: "large".to_owned(),
        inputs: vec![1.0; 1_000_000],
    };
    let refused = client.predict(large).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");

    // registry: with TLS, as a user, below the bucket.
    let last = servers.etcdctl(&["get", "--print-value-only", "name_of_bucket/last/setosa"]);
    assert_eq!(last, "first\n");

    // logger and tracer: the same call in all three.
    let span = span(&servers.zipkin).await;
    let line = document(&servers.opensearch).await;
    assert_eq!(line["span.id"], span["id"], "{line}");
    let line = syslog_line(&servers.rsyslog, "label=setosa").await;
    assert_eq!(line["input"], "imuxsock", "{line}");

    // store and download, which the document leaves to their defaults.
    let folder = agent.folder.path();
    assert!(folder.join("objects").join(&reply.result).is_file());
    assert!(folder.join("cache/carml/blobs").is_dir());

    until("the count of the leader", async || {
        let count = servers.etcdctl(&["get", "--print-value-only", "name_of_bucket/results/count"]);
        (count == "1\n").then_some(())
    })
    .await;
    assert!(agent.stop(), "a clean drain");
}
