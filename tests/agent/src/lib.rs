//! The example agent as a process, and what it leaves on servers.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]

use std::{
    fs,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use carml_test_servers::{Server, ask, until};
use example_agent::proto::agent::v1::*;
use serde_json::{Value, json};
use tempfile::TempDir;
use tonic::transport::Channel;

/// The trace that predictions are part of.
pub const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

/// The span of the client that makes a call.
pub const PARENT: &str = "b7ad6b7169203331";

/// The model that the agent downloads.
pub const MODEL: &str = include_str!("../../../examples/agent/objects/models/iris.json");

/// A process in a folder of its own. It ends with this value.
pub struct Agent {
    child: Child,
    address: String,
    /// Its middlewares, as it says when it starts.
    pub chain: String,
    /// Where it runs.
    pub folder: TempDir,
}

impl Agent {
    /// Starts this program with a config and variables, and waits until it serves.
    pub fn start(program: &str, config: &str, variables: &[(&str, String)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("carml.yml"), config).unwrap();
        fs::create_dir_all(folder.path().join("objects/models")).unwrap();
        fs::write(folder.path().join("objects/models/iris.json"), MODEL).unwrap();
        let mut child = Command::new(program)
            .args(["--config", "carml.yml"])
            .args(["--set", "grpc.server.listen=127.0.0.1:0"])
            .current_dir(folder.path())
            .env("XDG_CACHE_HOME", folder.path().join("cache"))
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let serving = loop {
            let line = lines.next().expect("the agent serves").unwrap();
            println!("{line}");
            let line: Value = serde_json::from_str(&line).unwrap();
            if line["message"] == "serving" {
                break line;
            }
        };
        // A pipe that is full would cost lines.
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                println!("{line}");
            }
        });
        let field = |name: &str| serving["fields"][name].as_str().unwrap().to_owned();
        Self {
            child,
            address: field("server.address"),
            chain: field("chain"),
            folder,
        }
    }

    /// Where it listens.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// A client of it.
    pub async fn client(&self) -> AgentClient<Channel> {
        let url = format!("http://{}", self.address);
        AgentClient::connect(url).await.unwrap()
    }

    /// A prediction in the trace of the client.
    pub async fn predict(&self, id: &str) -> PredictReply {
        let request = setosa(id, TRACE);
        let reply = self.client().await.predict(request).await;
        reply.unwrap().into_inner()
    }

    /// SIGTERM, and whether it ended well.
    pub fn stop(mut self) -> bool {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").arg(&id).status();
        assert!(sent.unwrap().success());
        self.child.wait().unwrap().success()
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A request for the prediction of a setosa, in this trace of a client.
pub fn setosa(id: &str, trace: &str) -> tonic::Request<PredictRequest> {
    let mut request = tonic::Request::new(PredictRequest {
        id: id.to_owned(),
        inputs: vec![5.1, 3.5, 1.4, 0.2],
    });
    let parent = format!("00-{trace}-{PARENT}-01").parse().unwrap();
    request.metadata_mut().insert("traceparent", parent);
    request
}

/// The span of a call in Zipkin: by its trace, name and kind.
pub async fn span(zipkin: &Server, trace: &str, name: &str, kind: &str) -> Value {
    let server = &zipkin.endpoints()[0];
    let path = format!("/api/v2/trace/{trace}");
    until("the span in Zipkin", async || {
        let (_, spans) = ask("GET", server, &path, Value::Null).await;
        let is_it = |span: &&Value| span["name"] == name && span["kind"] == kind;
        spans.as_array()?.iter().find(is_it).cloned()
    })
    .await
}

/// The line of a trace that has these words as its message, or its logger, in OpenSearch.
pub async fn document(opensearch: &Server, trace: &str, field: &str, words: &str) -> Value {
    let server = opensearch.about()["direct"].as_str().unwrap();
    until("the line in OpenSearch", async || {
        let index = "/logs-*";
        ask("POST", server, &format!("{index}/_refresh"), Value::Null).await;
        let query = json!({ "query": { "bool": { "filter": [
            { "match_phrase": { field: words } },
            { "match_phrase": { "trace.id": trace } },
        ] } } });
        let (_, found) = ask("POST", server, &format!("{index}/_search"), query).await;
        found["hits"]["hits"]
            .get(0)
            .map(|hit| hit["_source"].clone())
    })
    .await
}

/// The same line in syslog, which has this too.
pub async fn syslog_line(rsyslog: &Server, part: &str) -> Value {
    let file = rsyslog.about()["messages"].as_str().unwrap();
    until("the line in syslog", async || {
        let text = fs::read_to_string(file).unwrap();
        let mut messages = text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok());
        messages.find(|message: &Value| {
            let raw = message["raw"].as_str().unwrap();
            raw.contains("predicted") && raw.contains(part)
        })
    })
    .await
}
