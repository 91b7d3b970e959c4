//! The agent on the config for a cluster: etcd, Zipkin, rsyslog, OpenSearch and a bucket.
#![allow(clippy::unwrap_used, missing_docs)]

use std::{fs, path::Path, process::Command};

use carml_runtime::{
    config::model,
    store::{self, PutOptions},
};
use carml_test_agent::{Agent, MODEL, TRACE, document, setosa, span, syslog_line};
use carml_test_servers::{Server, until};
use example_agent::proto::agent::v1::DescribeRequest;
use serde_json::{Value, json};

const CONFIG: &str = include_str!("../../../examples/agent/cluster.yml");

struct Cluster {
    etcd: Server,
    zipkin: Server,
    rsyslog: Server,
    opensearch: Server,
    bucket: Server,
}

impl Cluster {
    async fn start() -> Self {
        let (etcd, zipkin, rsyslog, opensearch, bucket) = tokio::join!(
            Server::started(&["etcd"]),
            Server::started(&["zipkin"]),
            Server::started(&["rsyslog"]),
            Server::started(&["opensearch"]),
            Server::started(&["versitygw"]),
        );
        Self {
            etcd,
            zipkin,
            rsyslog,
            opensearch,
            bucket,
        }
    }

    fn of_bucket(&self, name: &str) -> String {
        self.bucket.about()[name].as_str().unwrap().to_owned()
    }

    fn variables(&self) -> Vec<(&'static str, String)> {
        let of = |server: &Server| server.endpoints().remove(0);
        vec![
            ("ETCD", of(&self.etcd)),
            ("ZIPKIN", of(&self.zipkin)),
            ("SYSLOG", of(&self.rsyslog)),
            ("OPENSEARCH", of(&self.opensearch)),
            ("S3", format!("http://{}", of(&self.bucket))),
            ("S3_ACCESS_KEY", self.of_bucket("access_key")),
            ("S3_SECRET_KEY", self.of_bucket("secret_key")),
            ("CARML__ADMIN__LISTEN", "127.0.0.1:0".to_owned()),
        ]
    }

    /// Puts the model where the config has it.
    async fn put_model(&self) {
        let section = json!({
            "provider": "s3",
            "endpoint": format!("http://{}", self.bucket.endpoints()[0]),
            "bucket": self.of_bucket("bucket"),
            "prefix": "agent",
            "access_key": self.of_bucket("access_key"),
            "secret_key": self.of_bucket("secret_key"),
        });
        let section: model::Store = serde_json::from_value(section).unwrap();
        let store = store::open(&section).await.unwrap();
        let key = "models/iris.json".parse().unwrap();
        store.put(&key, MODEL, PutOptions::default()).await.unwrap();
    }

    /// The keys of etcd, with their values.
    fn keys(&self) -> Vec<(String, String)> {
        let out = Command::new("etcdctl")
            .env("ETCDCTL_API", "3")
            .args(["--endpoints", &self.etcd.endpoints()[0]])
            .args(["get", "--prefix", ""])
            .output()
            .unwrap();
        let text = String::from_utf8(out.stdout).unwrap();
        let mut lines = text.lines().map(str::to_owned);
        std::iter::from_fn(|| Some((lines.next()?, lines.next()?))).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_server_has_what_the_agent_did() {
    let cluster = Cluster::start().await;
    cluster.put_model().await;
    let start = |cluster: &Cluster| {
        Agent::start(
            env!("CARGO_BIN_EXE_agent-on-servers"),
            CONFIG,
            &cluster.variables(),
        )
    };
    let agent = start(&cluster);
    let reply = agent.predict("first").await;
    assert_eq!(reply.label, "setosa");

    let span = span(&cluster.zipkin, TRACE, "agent.v1.agent/predict", "SERVER").await;
    assert_eq!(span["localEndpoint"]["serviceName"], "agent", "{span}");
    assert_eq!(span["tags"]["rpc.status_code"], "OK", "{span}");
    let line = syslog_line(&cluster.rsyslog, TRACE).await;
    assert_eq!(line["app"], "agent", "{line}");
    let line = document(&cluster.opensearch, TRACE, "message", "predicted").await;
    assert_eq!(line["service.name"], "agent", "{line}");
    assert_eq!(line["span.id"], span["id"], "{line}");

    let data = cluster.of_bucket("data");
    let result = Path::new(&data).join("carml/agent").join(&reply.result);
    let result: Value = serde_json::from_slice(&fs::read(result).unwrap()).unwrap();
    assert_eq!(result["label"], "setosa");

    let entry = until("the entry in etcd", async || {
        let keys = cluster.keys();
        let has = |(key, value): &(String, String)| {
            key.contains("agent.v1.Agent") && value.contains(agent.address())
        };
        keys.into_iter().find(has)
    });
    entry.await;
    let keys = cluster.keys();
    let last = ("agent/last/setosa".to_owned(), "first".to_owned());
    assert!(keys.contains(&last), "{keys:?}");

    // Another agent: both are found, one leads.
    let other = start(&cluster);
    let mut client = other.client().await;
    let found = until("both agents", async || {
        let found = client.clone().describe(DescribeRequest {}).await.unwrap();
        let found = found.into_inner();
        (found.instances.len() == 2 && found.results == 1).then_some(found)
    });
    let leader = found.await.leader;
    let confirmed = client.confirm(setosa("second", TRACE)).await.unwrap();
    assert!(confirmed.get_ref().agrees, "{confirmed:?}");
    assert!(agent.stop(), "a clean drain");
    let next = until("the other agent leads", async || {
        let found = client.clone().describe(DescribeRequest {}).await.unwrap();
        let found = found.into_inner();
        (found.instances == [other.address()] && found.leader != leader).then_some(found)
    });
    next.await;
    let again = client.predict(example_agent::proto::agent::v1::PredictRequest {
        id: "first".to_owned(),
        inputs: vec![1.0; 4],
    });
    let again = again.await.unwrap_err();
    assert_eq!(again.code(), tonic::Code::AlreadyExists, "{again}");
    assert!(other.stop(), "a clean drain");
}
