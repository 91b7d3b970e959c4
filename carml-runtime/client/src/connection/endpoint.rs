//! Keeps an instance connected.

use std::{future::pending, sync::Arc};

use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::{
    backoff::Backoff,
    connect::{Connector, Established},
    drive::{self, Lost},
    health,
    keepalive::Keepalive,
    link::Link,
    stats::Stats,
};
use crate::{
    address::Address,
    settings::{self, Settings},
    target::{Instances, State},
};

/// What is to be connected to.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) id: u64,
    pub(crate) addresses: Vec<Address>,
    pub(crate) stats: Arc<Stats>,
}

/// Connects, waits for the end of the connection, and connects again, until this is dropped.
///
/// An attempt begins no earlier than its pause after the beginning of the one before: a server that
/// accepts and closes makes no loop.
pub(crate) async fn run(
    endpoint: Endpoint,
    settings: Arc<Settings>,
    connector: Arc<Connector>,
    instances: Arc<Instances>,
) {
    let id = endpoint.id;
    let mut backoff = Backoff::new();
    let mut keepalive = settings.keepalive;
    let mut has_failed = false;
    loop {
        let begun = Instant::now();
        let attempt = connector.connect(&endpoint.addresses);
        let attempt = timeout(settings.connect_timeout, attempt).await;
        let limit = settings.connect_timeout;
        let late = |_| {
            Err(format!(
                "{}: not ready after {limit:?}",
                shown(&endpoint.addresses)
            ))
        };
        match attempt.unwrap_or_else(late) {
            Ok(established) => {
                backoff.reset();
                has_failed = false;
                let address = established.address.clone();
                tracing::debug!(grpc.target = %settings.name, %address, "connected");
                let connection =
                    connected(&endpoint, &settings, keepalive, &instances, established);
                let Some(lost) = connection.await else {
                    // The runtime ends.
                    return;
                };
                tracing::debug!(grpc.target = %settings.name, %address, why = lost.why, "disconnected");
                if let (true, Some(time)) = (lost.too_many_pings, &mut keepalive.time) {
                    *time *= 2;
                    tracing::warn!(
                        grpc.target = %settings.name, %address, time = ?time,
                        "the server permits fewer PINGs: raise keepalive.time"
                    );
                }
                instances.set(id, State::Connecting, Some(&lost.why));
                instances.lost();
            }
            Err(error) => {
                if !std::mem::replace(&mut has_failed, true) {
                    tracing::warn!(grpc.target = %settings.name, error, "cannot connect");
                }
                instances.counts().failed();
                let error: Arc<str> = error.into();
                instances.set(id, State::Failed(Arc::clone(&error)), Some(&error));
            }
        }
        sleep_until(begun + backoff.next()).await;
    }
}

/// From a connection that is ready to its end. Calls go to it while its instance is healthy.
async fn connected(
    endpoint: &Endpoint,
    settings: &Settings,
    keepalive: settings::Keepalive,
    instances: &Instances,
    established: Established,
) -> Option<Lost> {
    let id = endpoint.id;
    let removed = CancellationToken::new();
    let _removed = removed.clone().drop_guard();
    let Established {
        send,
        mut connection,
        address,
        authority,
        peer,
    } = established;
    let waiters = Arc::clone(instances.waiters());
    let stats = Arc::clone(&endpoint.stats);
    let link = Link::new(send.clone(), address, authority, peer, stats, waiters);
    let link = Arc::new(match &settings.health {
        Some(_) => link.with_reserved_stream(),
        None => link,
    });
    let keepalive = Keepalive::new(keepalive, connection.ping_pong());
    let lost = drive::spawn(connection, send, &link, keepalive, removed);
    let _open = instances.counts().connected();
    let health = async {
        let ready = || State::Ready(Arc::clone(&link));
        match &settings.health {
            None => instances.set(id, ready(), None),
            Some(service) => {
                health::watch(settings, &link, service, |healthy| match healthy {
                    Ok(()) => instances.set(id, ready(), None),
                    Err(health::Unhealthy(why)) => {
                        let error: Arc<str> = why.into();
                        instances.set(id, State::Failed(Arc::clone(&error)), Some(&error));
                    }
                })
                .await;
            }
        }
        pending::<()>().await;
    };
    tokio::select! {
        lost = lost => lost.ok(),
        () = health => None,
    }
}

fn shown(addresses: &[Address]) -> String {
    let all: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    all.join(", ")
}
