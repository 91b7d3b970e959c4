//! The acceptance test: all blocks of `document.md`, joined as they stand, with only the addresses
//! and the placeholders of certificates changed to those of real servers. Each block acts.
#![allow(clippy::unwrap_used, missing_docs)]

use std::{fs, process::Command, time::Duration};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use carml_grpc::health::pb::{HealthCheckRequest, health_client::HealthClient};
use carml_runtime::{
    client::{Clients, GeneratedClient as _},
    config::{Config, Loader, Schema, model::ClientTarget},
    diagnostic::{Format, Source},
};
use carml_test_agent::{Agent, PARENT, TRACE, document, setosa, span, syslog_line};
use carml_test_servers::{Server, until};
use example_agent::proto::agent::v1::{AgentClient, PredictReply, PredictRequest};
use futures_util::stream;
use tokio::net::TcpListener;
use tonic::Code;

const DOCUMENT: &str = include_str!("../document.md");

/// Other traces, for calls between agents.
const EARLY_TRACE: &str = "11111111111111111111111111111111";
const OTHER_TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

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

    /// The config of the document, on these servers, with this endpoint to probe.
    fn config(&self, endpoint_to_probe: &str) -> String {
        let endpoint = |server: &Server| server.endpoints().remove(0);
        let mut config = blocks();
        for (from, to) in [
            ("- 127.0.0.1\n", format!("- {}\n", endpoint(&self.etcd))),
            (
                "certificate: XXX",
                format!("certificate: {}", ca(&self.etcd)),
            ),
            ("- example.org\n", format!("- {endpoint_to_probe}\n")),
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
async fn the_whole_document_starts_the_agent_and_every_block_acts() {
    let servers = Servers::start().await;
    // The local socket is an address too: the document means that of the machine.
    let socket = servers.rsyslog.about()["socket"].as_str().unwrap();
    let mut variables = vec![("CARML__LOGGER__SYSLOG__SOCKET", socket.to_owned())];
    let probed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = servers.config(&probed.local_addr().unwrap().to_string());
    let program = env!("CARGO_BIN_EXE_agent-on-servers");
    let agent = Agent::start(program, &config, &variables);
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
    let predict = "agent.v1.agent/predict";
    let served = span(&servers.zipkin, TRACE, predict, "SERVER").await;
    let put = span(&servers.zipkin, TRACE, "store put", "CLIENT").await;
    assert_eq!(put["parentId"], served["id"], "{put}");
    let line = document(&servers.opensearch, TRACE, "message", "predicted").await;
    assert_eq!(line["span.id"], served["id"], "{line}");
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

    // health: the endpoint is up while something listens there.
    health(&agent, SERVING).await;
    probed.accept().await.expect("a probe has connected");
    drop(probed);

    // grpc.client: a call of one agent to another is recovered, logged, and in the trace.
    // Another agent registers itself, which the document leaves off.
    variables.push(("CARML__REGISTRY__DISCOVERY__REGISTER", "true".to_owned()));
    let other = Agent::start(program, &config, &variables);
    until("the other agent is found", async || {
        let request = setosa("early", EARLY_TRACE);
        client.clone().confirm(request).await.ok()
    })
    .await;
    let confirmed = client.confirm(setosa("confirmed", OTHER_TRACE)).await;
    assert!(confirmed.unwrap().get_ref().agrees);
    let stored = other.folder.path().join("objects/results/confirmed.json");
    assert!(stored.is_file(), "the other agent has predicted");
    let outer = span(
        &servers.zipkin,
        OTHER_TRACE,
        "agent.v1.agent/confirm",
        "SERVER",
    )
    .await;
    let call = span(&servers.zipkin, OTHER_TRACE, predict, "CLIENT").await;
    let inner = span(&servers.zipkin, OTHER_TRACE, predict, "SERVER").await;
    assert_eq!(outer["parentId"], PARENT, "{outer}");
    assert_eq!(call["parentId"], outer["id"], "{call}");
    assert_eq!(inner["parentId"], call["id"], "{inner}");
    let logger = "carml::rpc::client";
    let line = document(&servers.opensearch, OTHER_TRACE, "log.logger", logger).await;
    assert_eq!(line["span.id"], call["id"], "{line}");
    a_panic_in_a_call_is_an_error(&config, agent.address()).await;
    assert!(other.stop(), "a clean drain");

    health(&agent, NOT_SERVING).await;
    assert!(agent.stop(), "a clean drain");
}

const SERVING: i32 = 1;
const NOT_SERVING: i32 = 2;

/// Waits until the endpoints of the agent have this state.
async fn health(agent: &Agent, state: i32) {
    let url = format!("http://{}", agent.address());
    let channel = tonic::transport::Endpoint::from_shared(url).unwrap();
    let client = HealthClient::new(channel.connect().await.unwrap());
    // Three failures at the interval that the document leaves to its default take up to 36 s.
    let changed = async {
        loop {
            let service = "carml.endpoints".to_owned();
            let answer = client.clone().check(HealthCheckRequest { service }).await;
            if answer.unwrap().into_inner().status == state {
                return;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(60), changed).await;
    in_time.expect("the state of the endpoints");
}

/// Calls the agent through the block `grpc.client` of this config, with a request that panics.
async fn a_panic_in_a_call_is_an_error(config: &str, address: &str) {
    let source = Source::new("carml.yml", config.to_owned(), Format::Yaml);
    let loader = Loader::new(Schema::base().unwrap()).source(source);
    let config: Config = loader.load().unwrap().typed().unwrap();
    let mut block = config.grpc.client;
    let target = ClientTarget {
        endpoints: Some(vec![address.to_owned()]),
        ..ClientTarget::default()
    };
    let name = AgentClient::NAME;
    block.targets.insert(name.to_owned(), target);
    let channel = Clients::new(&block, None).unwrap().channel(name).unwrap();
    let mut grpc = tonic::client::Grpc::new(channel);
    grpc.ready().await.unwrap();
    let requests = stream::poll_fn(|_| -> std::task::Poll<Option<PredictRequest>> {
        panic!("the request panics")
    });
    let path = "/agent.v1.Agent/Predict".parse().unwrap();
    let codec = tonic_prost::ProstCodec::<PredictRequest, PredictReply>::default();
    let ended = grpc.client_streaming(tonic::Request::new(requests), path, codec);
    let status = ended.await.unwrap_err();
    assert_eq!(status.code(), Code::Internal, "{status}");
}
