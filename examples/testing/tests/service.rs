//! The service, started as in production, on a free port and with a store of its own.

use carml_runtime::{App, testing};
use example_testing::{configure, proto::counter::v1::*};
use tempfile::TempDir;
use tonic::{Code, transport::Channel};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

/// One service for each test: tests run at the same time and share nothing.
struct Fixture {
    server: testing::Server,
    client: CounterClient<Channel>,
    folder: TempDir,
}

async fn start(folder: TempDir) -> Fixture {
    let file = folder.path().join("test.redb");
    let app = App::new()
        // The config that is deployed; only the place of the store differs.
        .config_file("carml.yml")
        .set(format!("registry.path={}", file.display()));
    let server = testing::start(configure(app)).await.unwrap();
    let client = CounterClient::new(server.channel().await.unwrap());
    Fixture {
        server,
        client,
        folder,
    }
}

fn add(counter: &str, by: u64) -> AddRequest {
    let counter = counter.to_owned();
    AddRequest { counter, by }
}

#[tokio::test]
async fn counts_calls_that_come_at_the_same_time() {
    let fixture = start(TempDir::new().unwrap()).await;
    let calls = (0..20).map(|_| {
        let mut client = fixture.client.clone();
        tokio::spawn(async move { client.add(add("visits", 1)).await })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap().unwrap();
    }
    let total = fixture.client.clone().add(add("visits", 0)).await.unwrap();
    assert_eq!(total.into_inner().value, 20);
}

#[tokio::test]
async fn refuses_bad_requests_with_the_right_code() {
    let fixture = start(TempDir::new().unwrap()).await;
    let mut client = fixture.client.clone();
    client.add(add("big", u64::MAX)).await.unwrap();
    for (request, code) in [
        (add("", 1), Code::InvalidArgument),
        (add("../x", 1), Code::InvalidArgument),
        (add("big", 1), Code::OutOfRange),
    ] {
        let error = client.add(request.clone()).await.unwrap_err();
        assert_eq!(error.code(), code, "{request:?}: {error}");
    }
}

#[tokio::test]
async fn keeps_its_counters_over_a_restart() {
    let Fixture {
        server,
        mut client,
        folder,
    } = start(TempDir::new().unwrap()).await;
    client.add(add("visits", 3)).await.unwrap();
    drop(client);
    server.stop().await.unwrap(); // the same drain as on SIGTERM

    let mut fixture = start(folder).await;
    let reply = fixture.client.add(add("visits", 1)).await.unwrap();
    assert_eq!(reply.into_inner().value, 4);
}

#[tokio::test]
async fn is_healthy_while_it_serves() {
    let fixture = start(TempDir::new().unwrap()).await;
    let mut health = HealthClient::new(fixture.server.channel().await.unwrap());
    let service = "counter.v1.Counter".to_owned();
    let reply = health.check(HealthCheckRequest { service }).await.unwrap();
    assert_eq!(reply.into_inner().status(), ServingStatus::Serving);
}
