//! The agent on the config that it comes with, in a folder of its own.

use std::{fs, path::Path, time::Duration};

use carml_runtime::{App, testing};
use example_agent::{configure, proto::agent::v1::*};
use tempfile::TempDir;
use tonic::{Code, transport::Channel};

struct Agent {
    server: testing::Server,
    client: AgentClient<Channel>,
}

const MODEL: &str = include_str!("../objects/models/iris.json");

async fn start(folder: &TempDir, model: &str) -> Agent {
    let path = |name: &str| folder.path().join(name).display().to_string();
    let models = folder.path().join("objects/models");
    fs::create_dir_all(&models).unwrap();
    fs::write(models.join("iris.json"), model).unwrap();
    let app = App::new()
        .config_file("carml.yml")
        .set(format!("registry.path={}", path("agent.redb")))
        .set(format!("store.path={}", path("objects")))
        .set(format!("download.directory={}", path("cache")))
        .set("agent.count_every=50ms")
        .set("admin.listen=127.0.0.1:0");
    let server = testing::start(configure(app)).await.unwrap();
    let client = AgentClient::new(server.channel().await.unwrap());
    Agent { server, client }
}

fn request(id: &str, inputs: &[f64]) -> PredictRequest {
    PredictRequest {
        id: id.to_owned(),
        inputs: inputs.to_vec(),
    }
}

const SETOSA: [f64; 4] = [5.1, 3.5, 1.4, 0.2];
const VIRGINICA: [f64; 4] = [6.3, 3.3, 6.0, 2.5];

async fn described(
    client: &mut AgentClient<Channel>,
    is_it: impl Fn(&DescribeReply) -> bool,
) -> DescribeReply {
    loop {
        let reply = client.describe(DescribeRequest {}).await.unwrap();
        if is_it(reply.get_ref()) {
            return reply.into_inner();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn it_predicts_stores_leads_and_is_registered() {
    let folder = TempDir::new().unwrap();
    let Agent { server, mut client } = start(&folder, MODEL).await;
    for (id, inputs, label) in [
        ("first", SETOSA, "setosa"),
        ("second", VIRGINICA, "virginica"),
    ] {
        let reply = client.predict(request(id, &inputs)).await.unwrap();
        let reply = reply.into_inner();
        assert_eq!(reply.label, label);
        assert!(reply.probability > 0.9, "{reply:?}");
        let result = folder.path().join("objects").join(&reply.result);
        let result: serde_json::Value = serde_json::from_slice(&fs::read(result).unwrap()).unwrap();
        assert_eq!(result["label"], label);
    }
    let found = described(&mut client, |reply| reply.results == 2);
    let found = tokio::time::timeout(Duration::from_secs(20), found);
    let found = found.await.unwrap();
    assert_eq!(found.leader, format!("agent-{}", std::process::id()));
    assert_eq!(found.instances, [server.address().to_string()]);
    assert!(is_blob(folder.path(), &found.model), "{found:?}");
    // It is the only agent: it asks itself, through the registry and a connection.
    let reply = client.confirm(request("third", &VIRGINICA)).await.unwrap();
    let reply = reply.into_inner();
    assert!(reply.agrees, "{reply:?}");
    assert_eq!(reply.other.unwrap().result, "results/third.json");
    drop(client);
    server.stop().await.unwrap();
}

/// Whether the cache has this file.
fn is_blob(folder: &Path, sha256: &str) -> bool {
    let blobs = folder.join("cache/blobs/sha256");
    blobs.join(&sha256[..2]).join(sha256).is_file()
}

#[tokio::test]
async fn a_result_never_changes_and_wrong_inputs_are_refused() {
    let folder = TempDir::new().unwrap();
    let Agent { server, mut client } = start(&folder, MODEL).await;
    client.predict(request("one", &SETOSA)).await.unwrap();
    for (id, inputs, code) in [
        ("one", &VIRGINICA[..], Code::AlreadyExists),
        ("two", &[1.0], Code::InvalidArgument),
        ("two", &[1.0, 2.0, 3.0, f64::NAN], Code::InvalidArgument),
        ("../two", &SETOSA, Code::InvalidArgument),
        ("", &SETOSA, Code::InvalidArgument),
    ] {
        let error = client.predict(request(id, inputs)).await.unwrap_err();
        assert_eq!(error.code(), code, "{id} {inputs:?}: {error}");
        let error = client.confirm(request(id, inputs)).await.unwrap_err();
        assert_eq!(error.code(), code, "{id} {inputs:?}: {error}");
    }
    drop(client);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn another_model_than_the_config_names_is_refused() {
    let folder = TempDir::new().unwrap();
    let changed = MODEL.replace("9.8496", "9.8497");
    let Agent { server, mut client } = start(&folder, &changed).await;
    let error = client.predict(request("one", &SETOSA)).await.unwrap_err();
    assert_eq!(error.code(), Code::Unavailable);
    assert!(error.message().contains("expected sha256:"), "{error}");
    assert!(!folder.path().join("objects/results").exists());
    drop(client);
    server.stop().await.unwrap();
}
