//! The stream of one watch.

use std::sync::Arc;

use carml_kv::{Batch, Error, Revision, SnapshotReason, WatchStart, WatchStream, client::Call};
use tokio_util::task::AbortOnDropHandle;

use super::{difference::difference, feed::Feed};
use crate::{Consul, namespace::Scope, read::State};

struct Subscription {
    consul: Consul,
    feed: Feed,
    /// What the consumer knows.
    known: Arc<State>,
    epoch: u64,
    first: Option<Batch>,
    _status: AbortOnDropHandle<()>,
}

/// Starts a watch. The first read is part of the call, so its failure is the result of the call.
pub(crate) async fn subscribe(
    consul: &Consul,
    call: &Call<'_>,
    scope: Scope,
    from: WatchStart,
) -> Result<WatchStream, Error> {
    let first = match from {
        WatchStart::Now => Err(SnapshotReason::Started),
        WatchStart::Revision(after) => {
            let now = consul.revision(call).await?;
            match after.0 {
                after if after > now => Err(SnapshotReason::IndexReset),
                after => Ok(after),
            }
        }
    };
    let known = consul.state(call, &scope, Default::default()).await?;
    let first = match first {
        Ok(after) if is_unchanged(consul, call, &scope, &known, after).await? => Batch::Progress {
            revision: Revision(after),
        },
        Ok(_) => snapshot(consul, &known, SnapshotReason::Compacted),
        Err(reason) => snapshot(consul, &known, reason),
    };
    let feed = Feed::after(consul, call.op(), &scope, known.clone());
    let (status, handle) = feed.status();
    let subscription = Subscription {
        consul: consul.clone(),
        epoch: feed.epoch(),
        feed,
        known,
        first: Some(first),
        _status: handle,
    };
    let batches = futures_util::stream::unfold(subscription, |mut subscription| async move {
        let batch = subscription.next().await?;
        Some((batch, subscription))
    });
    Ok(WatchStream::new(batches, status))
}

/// Whether a state is still that of an earlier revision. Consul has no history: it is certain only of
/// a key that exists, and if nothing at all was written since.
async fn is_unchanged(
    consul: &Consul,
    call: &Call<'_>,
    scope: &Scope,
    state: &State,
    after: u64,
) -> Result<bool, Error> {
    match (scope, state.first()) {
        (Scope::One(_), Some(pair)) => Ok(pair.modified <= after),
        _ => Ok(consul.revision(call).await? == after),
    }
}

fn snapshot(consul: &Consul, state: &State, reason: SnapshotReason) -> Batch {
    let namespace = &consul.shared.namespace;
    let entries = state.pairs.values();
    Batch::Snapshot {
        entries: entries.filter_map(|pair| namespace.entry(pair)).collect(),
        revision: Revision(state.revision),
        reason,
    }
}

impl Subscription {
    /// All changes since the last batch, which may be of several revisions.
    async fn next(&mut self) -> Option<Result<Batch, Error>> {
        if let Some(first) = self.first.take() {
            return Some(Ok(first));
        }
        loop {
            let state = match self.feed.next().await? {
                Ok(state) => state,
                Err(error) => return Some(Err(error)),
            };
            let before = std::mem::replace(&mut self.known, state);
            if self.epoch != self.feed.epoch() {
                self.epoch = self.feed.epoch();
                let reason = SnapshotReason::IndexReset;
                return Some(Ok(snapshot(&self.consul, &self.known, reason)));
            }
            let namespace = &self.consul.shared.namespace;
            let events = difference(namespace, &before, &self.known);
            if !events.is_empty() {
                let revision = Revision(self.known.revision);
                return Some(Ok(Batch::Events { revision, events }));
            }
        }
    }
}
