//! Keeps an instance connected.

use std::sync::Arc;

use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::{
    backoff::Backoff,
    connect::{Connector, Established},
    drive,
    keepalive::Keepalive,
    link::Link,
};
use crate::{
    address::Address,
    settings::Settings,
    target::{Instances, State},
};

/// Connects, waits for the end of the connection, and connects again, until this is dropped.
///
/// An attempt begins no earlier than its pause after the beginning of the one before: a server that
/// accepts and closes makes no loop.
pub(crate) async fn run(
    id: u64,
    addresses: Vec<Address>,
    settings: Arc<Settings>,
    connector: Arc<Connector>,
    instances: Arc<Instances>,
) {
    let mut backoff = Backoff::new();
    let mut keepalive = settings.keepalive;
    let mut has_failed = false;
    loop {
        let begun = Instant::now();
        let attempt = timeout(settings.connect_timeout, connector.connect(&addresses)).await;
        let limit = settings.connect_timeout;
        let late = |_| Err(format!("{}: not ready after {limit:?}", shown(&addresses)));
        match attempt.unwrap_or_else(late) {
            Ok(established) => {
                backoff.reset();
                has_failed = false;
                let address = established.address.clone();
                tracing::debug!(grpc.target = %settings.name, %address, "connected");
                let removed = CancellationToken::new();
                let _removed = removed.clone().drop_guard();
                let lost = {
                    let Established {
                        send,
                        mut connection,
                        address,
                        authority,
                        peer,
                    } = established;
                    let waiters = Arc::clone(instances.waiters());
                    let link = Link::new(send.clone(), address, authority, peer, waiters);
                    let link = Arc::new(link);
                    let pings = connection.ping_pong();
                    let keepalive = Keepalive::new(keepalive, pings);
                    let lost = drive::spawn(connection, send, &link, keepalive, removed);
                    instances.set(id, State::Ready(link));
                    lost
                };
                let Ok(lost) = lost.await else {
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
                instances.set(id, State::Connecting);
                instances.lost();
            }
            Err(error) => {
                if !std::mem::replace(&mut has_failed, true) {
                    tracing::warn!(grpc.target = %settings.name, error, "cannot connect");
                }
                instances.set(id, State::Failed(error.into()));
            }
        }
        sleep_until(begun + backoff.next()).await;
    }
}

fn shown(addresses: &[Address]) -> String {
    let all: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    all.join(", ")
}
