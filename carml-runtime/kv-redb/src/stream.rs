//! The stream of one watch: a snapshot or the log first, then what the hub queues.
use std::{collections::VecDeque, sync::Arc};

use super::{
    fault::broken,
    hub::{Scope, Turn, Watcher},
    shared::Shared,
    tables::{History, Reader},
};
use carml_kv::{Batch, Error, ErrorKind, From, Reason, Revision, WatchStatus, WatchStream};

/// Where a watch stands.
enum Phase {
    /// What the log says after one revision and up to another.
    History {
        after: u64,
        upto: u64,
    },
    /// A snapshot is due.
    Snapshot(Reason),
    Live,
    Over,
}

pub(super) struct Follow {
    op: &'static str,
    shared: Arc<Shared>,
    watcher: Arc<Watcher>,
    phase: Phase,
    /// Read and not told yet.
    ready: VecDeque<Batch>,
    /// What is queued up to here has been told already.
    told: Revision,
}

impl Drop for Follow {
    fn drop(&mut self) {
        self.shared.hub.remove(&self.watcher);
    }
}

impl Follow {
    /// Begins to watch. Dropping the future leaves nothing behind.
    pub(super) async fn begin(
        op: &'static str,
        shared: Arc<Shared>,
        scope: Scope,
        from: From,
    ) -> Result<WatchStream, Error> {
        let watcher = shared.hub.add(scope);
        let status = watcher.status.subscribe();
        let mut follow = Follow {
            op,
            shared,
            watcher,
            phase: Phase::Snapshot(Reason::Started),
            ready: VecDeque::new(),
            told: Revision(0),
        };
        if let From::Revision(after) = from {
            follow.resume(after).await?;
        }
        // The first read belongs to the call: its failure is the call's.
        follow.advance().await?;
        let batches = futures_util::stream::unfold(follow, |mut follow| async move {
            follow.next().await.map(|batch| (batch, follow))
        });
        Ok(WatchStream::new(batches, status))
    }

    async fn resume(&mut self, after: Revision) -> Result<(), Error> {
        let (floor, now) = self.read(|r| Ok((r.floor()?, r.revision()?))).await?;
        self.phase = if after > now {
            Phase::Snapshot(Reason::IndexReset)
        } else if after < floor {
            Phase::Snapshot(Reason::Compacted)
        } else {
            self.told = now;
            Phase::History {
                after: after.0,
                upto: now.0,
            }
        };
        Ok(())
    }

    /// Reads off the async threads: it may be much, and from a disk.
    async fn read<T: Send + 'static>(
        &self,
        what: impl FnOnce(&Reader<'_>) -> Result<T, redb::Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (op, shared) = (self.op, self.shared.clone());
        let done = tokio::task::spawn_blocking(move || shared.read(op, what)).await;
        done.unwrap_or_else(|e| Err(broken(op).with_source(e)))
    }

    /// Reads what the phase asks for, if anything.
    async fn advance(&mut self) -> Result<(), Error> {
        let scope = self.watcher.scope.clone();
        match self.phase {
            Phase::Live | Phase::Over => {}
            Phase::Snapshot(reason) => {
                self.watcher.becomes(WatchStatus::Resyncing(reason));
                self.watcher.restart();
                let read = self.read(move |r| Ok((r.entries(&scope)?, r.revision()?)));
                let (entries, revision) = read.await?;
                self.told = revision;
                self.ready.push_back(Batch::Snapshot {
                    entries,
                    revision,
                    reason,
                });
                self.phase = Phase::Live;
            }
            Phase::History { after, upto } => {
                self.watcher.becomes(WatchStatus::Replaying);
                match self.read(move |r| r.history(&scope, after, upto)).await? {
                    History::Gone => self.phase = Phase::Snapshot(Reason::Compacted),
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
                Phase::Over => return None,
                Phase::Live => match self.watcher.turn() {
                    Turn::Tell(Batch::Events { revision, .. }) if revision <= self.told => {}
                    Turn::Tell(batch) => return Some(Ok(batch)),
                    Turn::Resync => self.phase = Phase::Snapshot(Reason::Lagged),
                    Turn::Wait => self.watcher.woken().await,
                    Turn::End => return self.over(self.shared.over(self.op)),
                },
                Phase::Snapshot(_) | Phase::History { .. } => {
                    if let Err(e) = self.advance().await {
                        return self.over(e);
                    }
                }
            }
        }
    }

    /// A store that was closed is no fault of the watch.
    fn over(&mut self, e: Error) -> Option<Result<Batch, Error>> {
        self.phase = Phase::Over;
        (e.kind != ErrorKind::Closed).then_some(Err(e))
    }
}
