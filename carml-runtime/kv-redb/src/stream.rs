//! The stream of one watch: first a snapshot or the log, then the queued changes.

use std::{collections::VecDeque, sync::Arc};

use redb::ReadTransaction;

use super::{
    error::writer_panicked,
    shared::Shared,
    tables::{History, Reader},
    watchers::{Scope, WatchStep, Watcher},
};
use carml_kv::{
    Batch, Error, ErrorKind, Key, Piece, Revision, SnapshotReason, WatchStart, WatchStatus,
    WatchStream,
};

/// The progress of a watch.
enum Phase {
    /// Reads the log after one revision, up to another.
    History {
        after: u64,
        upto: u64,
    },
    /// Begins a snapshot.
    Snapshot(SnapshotReason),
    /// Reads the rest of it, after a key.
    Rest(SnapshotReason, Key),
    Live,
    Ended,
}

pub(super) struct Subscription {
    op: &'static str,
    shared: Arc<Shared>,
    watcher: Arc<Watcher>,
    phase: Phase,
    /// Read but not delivered yet.
    ready: VecDeque<Piece>,
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
        let pieces = futures_util::stream::unfold(subscription, |mut subscription| async move {
            subscription.next().await.map(|piece| (piece, subscription))
        });
        Ok(WatchStream::from_pieces(pieces, status))
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

    /// Reads from a snapshot of now.
    async fn read<T: Send + 'static>(
        &self,
        what: impl FnOnce(&Reader<'_>) -> Result<T, redb::Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.blocking(move |op, shared| shared.read(op, what)).await
    }

    /// Works on a blocking thread: reads may be large, and come from the disk.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&'static str, &Shared) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (op, shared) = (self.op, self.shared.clone());
        let done = tokio::task::spawn_blocking(move || work(op, &shared)).await;
        done.unwrap_or_else(|e| Err(writer_panicked(op).with_source(e)))
    }

    /// Reads what the current phase needs, if anything.
    async fn advance(&mut self) -> Result<(), Error> {
        match std::mem::replace(&mut self.phase, Phase::Ended) {
            Phase::Snapshot(reason) => {
                self.watcher.set_status(WatchStatus::Resyncing(reason));
                self.watcher.restart();
                let begin = |op, shared: &Shared| shared.begin_read(op).map(Arc::new);
                let txn = self.blocking(begin).await?;
                self.watcher.begin_snapshot(txn.clone());
                self.read_part(txn, reason, None).await
            }
            Phase::Rest(reason, after) => match self.watcher.snapshot() {
                Some(txn) => self.read_part(txn, reason, Some(after)).await,
                None => {
                    self.phase = Phase::Snapshot(SnapshotReason::Lagged);
                    Ok(())
                }
            },
            Phase::History { after, upto } => self.read_history(after, upto).await,
            phase => {
                self.phase = phase;
                Ok(())
            }
        }
    }

    /// Reads a part of a snapshot, after a key.
    async fn read_part(
        &mut self,
        txn: Arc<ReadTransaction>,
        reason: SnapshotReason,
        after: Option<Key>,
    ) -> Result<(), Error> {
        let scope = self.watcher.scope.clone();
        let read = self.blocking(move |op, shared| {
            shared.read_from(op, &txn, |r| {
                Ok((r.entries(&scope, after.as_ref())?, r.revision()?))
            })
        });
        let ((entries, more), revision) = read.await?;
        let last = entries.last().filter(|_| more);
        self.phase = match last {
            Some(last) => Phase::Rest(reason, last.key.clone()),
            None => {
                self.watcher.end_snapshot();
                self.delivered = revision;
                Phase::Live
            }
        };
        self.ready.push_back(Piece {
            batch: Batch::Snapshot {
                entries,
                revision,
                reason,
            },
            is_partial: matches!(self.phase, Phase::Rest(..)),
        });
        Ok(())
    }

    /// Reads a part of the log after one revision, up to another.
    async fn read_history(&mut self, after: u64, upto: u64) -> Result<(), Error> {
        let scope = self.watcher.scope.clone();
        self.watcher.set_status(WatchStatus::Replaying);
        match self.read(move |r| r.history(&scope, after, upto)).await? {
            History::Gone => self.phase = Phase::Snapshot(SnapshotReason::Compacted),
            History::Events(found, after) => {
                let batch = |(revision, events)| Piece::from(Batch::Events { revision, events });
                self.ready.extend(found.into_iter().map(batch));
                self.phase = Phase::History { after, upto };
                if after == upto {
                    let revision = Revision(upto);
                    self.ready.push_back(Batch::Progress { revision }.into());
                    self.phase = Phase::Live;
                }
            }
        }
        Ok(())
    }

    async fn next(&mut self) -> Option<Result<Piece, Error>> {
        loop {
            if let Some(piece) = self.ready.pop_front() {
                if self.ready.is_empty() && matches!(self.phase, Phase::Live) {
                    self.watcher.live(self.delivered);
                }
                return Some(Ok(piece));
            }
            match self.phase {
                Phase::Ended => return None,
                Phase::Live => match self.watcher.next_step() {
                    WatchStep::Deliver(
                        Batch::Events { revision, .. } | Batch::Progress { revision },
                    ) if revision <= self.delivered => {}
                    WatchStep::Deliver(batch) => return Some(Ok(batch.into())),
                    WatchStep::Resync => self.phase = Phase::Snapshot(SnapshotReason::Lagged),
                    WatchStep::Wait => self.watcher.woken().await,
                    WatchStep::End => return self.end(self.shared.ended(self.op)),
                },
                Phase::Snapshot(_) | Phase::Rest(..) | Phase::History { .. } => {
                    if let Err(e) = self.advance().await {
                        return self.end(e);
                    }
                }
            }
        }
    }

    /// Ends the watch: without an error if the store was closed.
    fn end(&mut self, e: Error) -> Option<Result<Piece, Error>> {
        self.phase = Phase::Ended;
        (e.kind != ErrorKind::Closed).then_some(Err(e))
    }
}
