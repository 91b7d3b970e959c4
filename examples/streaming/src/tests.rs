use carml_runtime::{App, testing};
use tokio_stream::iter;
use tonic::Code;

use crate::{configure, proto::readings::v1::*};

async fn start() -> (testing::Server, ReadingsClient<tonic::transport::Channel>) {
    let app = configure(App::new().config_file("carml.yml"));
    let server = testing::start(app).await.unwrap();
    let channel = server.channel().await.unwrap();
    (server, ReadingsClient::new(channel))
}

fn readings() -> impl tokio_stream::Stream<Item = Reading> + Send + 'static {
    iter([18.0, 20.0, 25.0].map(|celsius| Reading { celsius }))
}

#[tokio::test]
async fn a_server_stream_ends_when_the_drain_begins() {
    let (server, mut client) = start().await;
    let request = WatchRequest { interval_ms: 1 };
    let mut watch = client.watch(request).await.unwrap().into_inner();
    for _ in 0..3 {
        let reading = watch.message().await.unwrap().unwrap();
        assert_eq!(reading.celsius, 21.5);
    }
    let stopped = tokio::spawn(server.stop());
    let end = loop {
        match watch.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the stream ended without a status"),
            Err(status) => break status,
        }
    };
    assert_eq!(end.code(), Code::Unavailable);
    drop((client, watch));
    stopped.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_client_stream_gets_one_answer() {
    let (_server, mut client) = start().await;
    let summary = client.upload(readings()).await.unwrap().into_inner();
    assert_eq!((summary.count, summary.mean), (3, 21.0));
}

#[tokio::test]
async fn both_sides_stream_at_the_same_time() {
    let (_server, mut client) = start().await;
    let mut answers = client.average(readings()).await.unwrap().into_inner();
    let mut means = Vec::new();
    while let Some(summary) = answers.message().await.unwrap() {
        means.push(summary.mean);
    }
    assert_eq!(means, [18.0, 19.0, 21.0]);
}
