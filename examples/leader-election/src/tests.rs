use std::time::Duration;

use carml_runtime::{App, testing};

use crate::{configure, proto::leader::v1::*};

#[tokio::test]
async fn the_only_replica_leads_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("test.redb");
    let app = App::new()
        .config_file("carml.yml")
        .set(format!("registry.path={}", file.display()));
    let server = testing::start(configure(app)).await.unwrap();
    let mut client = ReplicasClient::new(server.channel().await.unwrap());

    let leads = async {
        loop {
            let reply = client.get_leader(GetLeaderRequest {}).await.unwrap();
            if reply.into_inner().name == "replica-1" {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), leads)
        .await
        .unwrap();

    drop(client);
    server.stop().await.unwrap();
}
