//! What calls see of a connection.

use std::{
    fmt,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{
            AtomicBool, AtomicUsize,
            Ordering::{AcqRel, Acquire, Relaxed, Release},
        },
    },
};

use bytes::Bytes;
use h2::client::SendRequest;
use http::uri::Authority;
use tokio::sync::Notify;

use super::stats::Stats;
use crate::address::Address;

/// A connection that takes calls.
pub(crate) struct Link {
    send: SendRequest<Bytes>,
    pub(crate) address: Address,
    /// What requests name as their server.
    pub(crate) authority: Authority,
    /// None for a socket in the file system.
    pub(crate) peer: Option<SocketAddr>,
    in_flight: AtomicUsize,
    /// Streams that are not for calls.
    reserved: usize,
    stats: Arc<Stats>,
    is_retired: AtomicBool,
    waiters: Arc<Waiters>,
}

/// Calls that wait for a connection.
#[derive(Debug, Default)]
pub(crate) struct Waiters {
    pub(crate) changed: Notify,
    pub(crate) count: AtomicUsize,
}

impl Link {
    pub(super) fn new(
        send: SendRequest<Bytes>,
        address: Address,
        authority: Authority,
        peer: Option<SocketAddr>,
        stats: Arc<Stats>,
        waiters: Arc<Waiters>,
    ) -> Self {
        Self {
            send,
            address,
            authority,
            peer,
            in_flight: AtomicUsize::new(0),
            reserved: 0,
            stats,
            is_retired: AtomicBool::new(false),
            waiters,
        }
    }

    /// The same with one stream that is not for calls.
    pub(super) fn with_reserved_stream(mut self) -> Self {
        self.reserved = 1;
        self
    }

    /// Sends what is not a call.
    pub(super) fn probe(&self) -> SendRequest<Bytes> {
        self.send.clone()
    }

    /// How the calls to its instance ended.
    pub(crate) fn stats(&self) -> &Arc<Stats> {
        &self.stats
    }

    /// How many calls are in progress on it.
    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.load(Relaxed)
    }

    /// Takes no more calls: the connection ended, or its server asked for that.
    pub(crate) fn retire(&self) {
        self.is_retired.store(true, Release);
    }

    /// One of the streams that the server allows, if one is free.
    pub(crate) fn lease(self: &Arc<Self>) -> Option<Lease> {
        if self.is_retired.load(Acquire) {
            return None;
        }
        let max = self.send.current_max_send_streams();
        let max = max.saturating_sub(self.reserved);
        let count = |now: usize| (now < max).then_some(now + 1);
        self.in_flight.fetch_update(AcqRel, Acquire, count).ok()?;
        Some(Lease(Arc::clone(self)))
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("address", &self.address)
            .field("in_flight", &self.in_flight())
            .finish_non_exhaustive()
    }
}

/// A stream of a connection, for one call: until this is dropped.
#[derive(Debug)]
pub(crate) struct Lease(Arc<Link>);

impl Lease {
    pub(crate) fn link(&self) -> &Arc<Link> {
        &self.0
    }

    pub(crate) fn sender(&self) -> SendRequest<Bytes> {
        self.0.send.clone()
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, AcqRel);
        if self.0.waiters.count.load(Acquire) > 0 {
            self.0.waiters.changed.notify_one();
        }
    }
}
