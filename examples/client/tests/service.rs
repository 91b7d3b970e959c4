//! A call that makes a call, through the registry.

use std::time::Duration;

use carml_runtime::{App, testing};
use example_client::{configure, proto::shop::v1::*};
use tonic::{Code, Request, Status, transport::Channel};

async fn start() -> (testing::Server, OrdersClient<Channel>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("test.redb");
    let app = App::new()
        .config_file("carml.yml")
        .set(format!("registry.path={}", file.display()));
    let server = testing::start(configure(app)).await.unwrap();
    let client = OrdersClient::new(server.channel().await.unwrap());
    (server, client, folder)
}

async fn quote(client: &OrdersClient<Channel>, item: &str, count: u32) -> Result<u64, Status> {
    let item = item.to_owned();
    let mut request = Request::new(QuoteRequest { item, count });
    request.set_timeout(Duration::from_secs(5));
    let reply = client.clone().quote(request).await?;
    Ok(reply.into_inner().cents)
}

#[tokio::test]
async fn an_order_asks_for_the_price() {
    let (server, client, _folder) = start().await;
    // Registered a moment after the start.
    while quote(&client, "tea", 2).await.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(quote(&client, "coffee", 3).await.unwrap(), 18);
    let error = quote(&client, "", 1).await.unwrap_err();
    assert_eq!(
        (error.code(), error.message()),
        (Code::InvalidArgument, "`item` is empty")
    );
    drop(client);
    server.stop().await.unwrap();
}
