//! A connection from its first call to its end.

use std::{
    future::{Future as _, poll_fn},
    pin::{Pin, pin},
    sync::{Arc, Weak},
    task::Poll,
};

use bytes::Bytes;
use h2::{Reason, client::SendRequest};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::{connect::Connection, keepalive::Keepalive, link::Link};

/// Why a connection takes no more calls.
#[derive(Debug)]
pub(super) struct Lost {
    pub(super) why: String,
    /// The server wants fewer PINGs.
    pub(super) too_many_pings: bool,
}

impl Lost {
    fn new(why: &str) -> Self {
        Self {
            why: why.to_owned(),
            too_many_pings: false,
        }
    }

    fn of(error: &h2::Error) -> Self {
        let is_calm = error.is_go_away() && error.reason() == Some(Reason::ENHANCE_YOUR_CALM);
        Self {
            why: error.to_string(),
            too_many_pings: is_calm && error.to_string().contains("too_many_pings"),
        }
    }
}

/// Runs a connection until it is closed, and tells when it takes no more calls: calls in progress
/// may go on then.
pub(super) async fn drive(
    mut connection: Connection,
    probe: SendRequest<Bytes>,
    link: Weak<Link>,
    mut keepalive: Option<Keepalive>,
    lost: oneshot::Sender<Lost>,
    removed: CancellationToken,
) {
    let mut usable = Some((probe, lost));
    let retire = |usable: &mut Option<(_, oneshot::Sender<Lost>)>, why: Lost| {
        if let Some(link) = link.upgrade() {
            link.retire();
        }
        if let Some((_, lost)) = usable.take() {
            // Nobody asks for an endpoint that was removed.
            let _ = lost.send(why);
        }
    };
    let mut removed = pin!(removed.cancelled());
    poll_fn(|cx| {
        // Without the probe, the connection ends with its last call.
        if usable.is_some() && removed.as_mut().poll(cx).is_ready() {
            retire(&mut usable, Lost::new("it was removed"));
        }
        let polled = Pin::new(&mut connection).poll(cx);
        if let Some((probe, _)) = &mut usable
            && let Poll::Ready(Err(error)) = probe.poll_ready(cx)
        {
            retire(&mut usable, Lost::of(&error));
        }
        if let Poll::Ready(ended) = polled {
            let why = ended
                .as_ref()
                .err()
                .map_or_else(|| Lost::new("closed"), Lost::of);
            retire(&mut usable, why);
            return Poll::Ready(());
        }
        let has_calls = link.upgrade().is_some_and(|link| link.in_flight() > 0);
        if let Some(keepalive) = &mut keepalive
            && keepalive.poll(has_calls, cx).is_ready()
        {
            retire(&mut usable, Lost::new("a PING was not answered"));
            return Poll::Ready(());
        }
        Poll::Pending
    })
    .await;
    drop(connection);
}

/// Begins to run a connection.
pub(super) fn spawn(
    connection: Connection,
    probe: SendRequest<Bytes>,
    link: &Arc<Link>,
    keepalive: Option<Keepalive>,
    removed: CancellationToken,
) -> oneshot::Receiver<Lost> {
    let (tell, lost) = oneshot::channel();
    let link = Arc::downgrade(link);
    tokio::spawn(drive(connection, probe, link, keepalive, tell, removed));
    lost
}
