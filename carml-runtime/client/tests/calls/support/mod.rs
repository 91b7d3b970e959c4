//! Servers and clients.

mod backend;
mod grpc_go;
mod raw;

use std::{sync::Arc, time::Duration};

use carml_client::{Channel, Clients};
use carml_config::model::GrpcClient;
use carml_discovery::{MemoryDirectory, Resolver};
use serde_json::{Value, json};
use tonic::{Request, Status};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

pub(crate) use backend::Backend;
pub(crate) use grpc_go::GrpcGo;
pub(crate) use raw::{RawServer, Then};

pub(crate) const SERVICE: &str = "grpc.health.v1.Health";

/// A channel without middlewares, with these keys of its target.
pub(crate) fn channel(target: Value) -> Channel {
    channel_with(target, None)
}

/// The same, with a registry.
pub(crate) fn discovered(directory: &MemoryDirectory, target: Value) -> Channel {
    channel_with(target, Some(Resolver::new(Arc::new(directory.clone()))))
}

/// The same, with this chain.
pub(crate) fn chained(chain: &Value, target: Value) -> Channel {
    clients(chain, target, None)
        .channel(SERVICE)
        .expect("a channel")
}

fn channel_with(target: Value, resolver: Option<Resolver>) -> Channel {
    let clients = clients(&json!([]), target, resolver);
    clients.channel(SERVICE).expect("a channel")
}

pub(crate) fn clients(chain: &Value, target: Value, resolver: Option<Resolver>) -> Clients {
    let targets = Value::from_iter([(SERVICE, target)]);
    let config = json!({ "middleware": chain, "targets": targets });
    let config: GrpcClient = serde_json::from_value(config).expect("a config");
    Clients::new(&config, resolver).expect("clients")
}

/// A channel to these addresses.
pub(crate) fn to(addresses: &[&str]) -> Channel {
    channel(json!({ "endpoints": addresses }))
}

/// Calls; what the server does is in the text: see [`Backend`].
pub(crate) async fn call(channel: &Channel, text: &str) -> Result<i32, Status> {
    let request = Request::new(HealthCheckRequest {
        service: text.to_owned(),
    });
    send(channel, request).await
}

/// Calls with a deadline.
pub(crate) async fn call_within(
    channel: &Channel,
    text: &str,
    deadline: Duration,
) -> Result<i32, Status> {
    let mut request = Request::new(HealthCheckRequest {
        service: text.to_owned(),
    });
    request.set_timeout(deadline);
    send(channel, request).await
}

async fn send(channel: &Channel, request: Request<HealthCheckRequest>) -> Result<i32, Status> {
    let mut client = HealthClient::new(channel.clone());
    let answer = client.check(request).await?;
    Ok(answer.into_inner().status)
}

/// Calls and reads a stream: how many messages came, and how it ended.
pub(crate) async fn stream(channel: &Channel, text: &str) -> (usize, Result<(), Status>) {
    let request = HealthCheckRequest {
        service: text.to_owned(),
    };
    let mut client = HealthClient::new(channel.clone());
    let mut messages = match client.watch(request).await {
        Ok(answer) => answer.into_inner(),
        Err(status) => return (0, Err(status)),
    };
    let mut count = 0;
    loop {
        match messages.message().await {
            Ok(Some(_)) => count += 1,
            Ok(None) => return (count, Ok(())),
            Err(status) => return (count, Err(status)),
        }
    }
}

/// Calls until one succeeds.
pub(crate) async fn until_ok(channel: &Channel, limit: Duration) {
    let ok = async {
        while call(channel, "").await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let in_time = tokio::time::timeout(limit, ok).await;
    assert!(in_time.is_ok(), "no call succeeded within {limit:?}");
}
