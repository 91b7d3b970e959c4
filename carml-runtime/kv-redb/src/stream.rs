//! The stream of one watch: first a snapshot or the log, then the queued changes.

use std::{collections::VecDeque, sync::Arc};

use super::{
    error::writer_panicked,
    shared::Shared,
    tables::{History, Reader},
    watchers::{Scope, WatchStep, Watcher},
};
use carml_kv::{
    Batch, Error, ErrorKind, Revision, SnapshotReason, WatchStart, WatchStatus, WatchStream,
};

/// The progress of a watch.
enum Phase {
    /// Reads the log after one revision, up to another.
    History {
        after: u64,
        upto: u64,
    },
    /// Reads a snapshot.
    Snapshot(SnapshotReason),
    Live,
    Ended,
}

pub(super) struct Subscription {
    op: &'static str,
    shared: Arc<Shared>,
    watcher: Arc<Watcher>,
    phase: Phase,
    /// Read but not delivered yet.
    ready: VecDeque<Batch>,
    /// Queued batches up to this revision have been delivered already.
    delivered: Revision,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.shared.watchers.remove(&self.watcher);
    }
}

impl Subscription {
    /// Starts the watch. Dropping the future leaves nothing behind.
    pub(super) async fn start(
        op: &'static str,
        shared: Arc<Shared>,
        scope: Scope,
        from: WatchStart,
    ) -> Result<WatchStream, Error> {
        let watcher = shared.watchers.add(scope);
        let status = watcher.status.subscribe();
        let mut subscription = Subscription {
            op,
            shared,
            watcher,
            phase: Phase::Snapshot(SnapshotReason::Started),
            ready: VecDeque::new(),
            delivered: Revision(0),
        };
        if let WatchStart::Revision(after) = from {
            subscription.resume(after).await?;
        }
        // The first read is part of the call, so its failure is the result of the call.
        subscription.advance().await?;
        let batches = futures_util::stream::unfold(subscription, |mut subscription| async move {
            subscription.next().await.map(|batch| (batch, subscription))
        });
        Ok(WatchStream::new(batches, status))
    }

    async fn resume(&mut self, after: Revision) -> Result<(), Error> {
        let (floor, now) = self.read(|r| Ok((r.floor()?, r.revision()?))).await?;
        self.phase = if after > now {
            Phase::Snapshot(SnapshotReason::IndexReset)
        } else if after < floor {
            Phase::Snapshot(SnapshotReason::Compacted)
        } else {
            self.delivered = now;
            Phase::History {
                after: after.0,
                upto: now.0,
            }
        };
        Ok(())
    }

    /// Reads on a blocking thread: it may be large, and come from the disk.
    async fn read<T: Send + 'static>(
        &self,
        what: impl FnOnce(&Reader<'_>) -> Result<T, redb::Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (op, shared) = (self.op, self.shared.clone());
        let done = tokio::task::spawn_blocking(move || shared.read(op, what)).await;
        done.unwrap_or_else(|e| Err(writer_panicked(op).with_source(e)))
    }

    /// Reads what the current phase needs, if anything.
    async fn advance(&mut self) -> Result<(), Error> {
        let scope = self.watcher.scope.clone();
        match self.phase {
            Phase::Live | Phase::Ended => {}
            Phase::Snapshot(reason) => {
                self.watcher.set_status(WatchStatus::Resyncing(reason));
                self.watcher.restart();
                let read = self.read(move |r| Ok((r.entries(&scope)?, r.revision()?)));
                let (entries, revision) = read.await?;
                self.delivered = revision;
                self.ready.push_back(Batch::Snapshot {
                    entries,
                    revision,
                    reason,
                });
                self.phase = Phase::Live;
            }
            Phase::History { after, upto } => {
                self.watcher.set_status(WatchStatus::Replaying);
                match self.read(move |r| r.history(&scope, after, upto)).await? {
                    History::Gone => self.phase = Phase::Snapshot(SnapshotReason::Compacted),
                    History::Events(found, after) => {
                        let batches = found.into_iter();
                        self.ready.extend(
                            batches.map(|(revision, events)| Batch::Events { revision, events }),
                        );
                        self.phase = Phase::History { after, upto };
                        if after == upto {
                            let revision = Revision(upto);
                            self.ready.push_back(Batch::Progress { revision });
                            self.phase = Phase::Live;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    async fn next(&mut self) -> Option<Result<Batch, Error>> {
        loop {
            if let Some(batch) = self.ready.pop_front() {
                if self.ready.is_empty() && matches!(self.phase, Phase::Live) {
                    self.watcher.live();
                }
                return Some(Ok(batch));
            }
            match self.phase {
                Phase::Ended => return None,
                Phase::Live => match self.watcher.next_step() {
                    WatchStep::Deliver(Batch::Events { revision, .. })
                        if revision <= self.delivered => {}
                    WatchStep::Deliver(batch) => return Some(Ok(batch)),
                    WatchStep::Resync => self.phase = Phase::Snapshot(SnapshotReason::Lagged),
                    WatchStep::Wait => self.watcher.woken().await,
                    WatchStep::End => return self.end(self.shared.ended(self.op)),
                },
                Phase::Snapshot(_) | Phase::History { .. } => {
                    if let Err(e) = self.advance().await {
                        return self.end(e);
                    }
                }
            }
        }
    }

    /// Ends the watch: without an error if the store was closed.
    fn end(&mut self, e: Error) -> Option<Result<Batch, Error>> {
        self.phase = Phase::Ended;
        (e.kind != ErrorKind::Closed).then_some(Err(e))
    }
}
