//! What the consumer of a watch has not taken yet.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
};
use tokio_util::task::AbortOnDropHandle;

use crate::{Batch, Error, Event, SnapshotReason, WatchStatus, WatchStream};

/// A consumer that falls behind by more batches or bytes than this gets a snapshot instead.
const MAX_BATCHES: usize = 1024;
const MAX_BYTES: usize = 16 << 20;

/// What is left of the queue's bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// There is room for more.
    Left,
    /// The producer has to wait.
    Full,
    /// What was not taken was dropped.
    Lagged,
}

#[derive(Debug)]
struct State {
    /// Comes before the batches.
    snapshot: Option<(Batch, SnapshotReason)>,
    batches: VecDeque<Batch>,
    bytes: usize,
    lagged: bool,
    /// The producer waits until everything was taken.
    blocked: bool,
    /// What the producer does.
    producer: WatchStatus,
    /// `Some(None)`: without an error.
    end: Option<Option<Error>>,
}

impl State {
    fn status(&self) -> WatchStatus {
        match &self.snapshot {
            _ if self.lagged => WatchStatus::Resyncing(SnapshotReason::Lagged),
            Some((_, reason)) => WatchStatus::Resyncing(*reason),
            None => self.producer,
        }
    }
}

/// Batches between the producer of a watch and its consumer, bounded.
#[derive(Debug)]
pub struct WatchQueue {
    state: Mutex<State>,
    status: watch::Sender<WatchStatus>,
    /// Wakes the consumer.
    filled: Notify,
    /// Wakes a blocked producer.
    drained: Notify,
}

impl WatchQueue {
    /// An empty one; `producer` is what its producer does first.
    pub fn new(producer: WatchStatus) -> WatchQueue {
        WatchQueue {
            state: Mutex::new(State {
                snapshot: None,
                batches: VecDeque::new(),
                bytes: 0,
                lagged: false,
                blocked: false,
                producer,
                end: None,
            }),
            status: watch::Sender::new(producer),
            filled: Notify::new(),
            drained: Notify::new(),
        }
    }

    /// The status of the watch.
    pub fn status(&self) -> watch::Receiver<WatchStatus> {
        self.status.subscribe()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state();
        let result = change(&mut state);
        let status = state.status();
        self.status
            .send_if_modified(|now| std::mem::replace(now, status) != status);
        result
    }

    /// What the producer does now.
    pub fn set_status(&self, status: WatchStatus) {
        self.change(|state| state.producer = status);
    }

    /// Replaces what was not taken yet. The watch is live when it is taken.
    pub fn snapshot(&self, batch: Batch, reason: SnapshotReason) {
        self.change(|state| {
            state.batches.clear();
            (state.bytes, state.lagged) = (0, false);
            state.snapshot = Some((batch, reason));
            state.producer = WatchStatus::Live;
        });
        self.filled.notify_one();
    }

    /// Adds a batch of the past or the present. The past waits for the consumer; one that does not
    /// keep up with the present lags.
    pub fn push(&self, batch: Batch, past: bool) -> Room {
        let room = self.change(|state| {
            state.bytes += size(&batch);
            state.batches.push_back(batch);
            // A single batch always fits: it is as large as its transaction.
            let many = state.batches.len() > MAX_BATCHES || state.bytes > MAX_BYTES;
            match many && state.batches.len() > 1 {
                false => Room::Left,
                true if past => Room::Full,
                true => {
                    state.batches.clear();
                    (state.bytes, state.lagged) = (0, true);
                    Room::Lagged
                }
            }
        });
        self.filled.notify_one();
        room
    }

    /// Ends the watch when everything was taken.
    pub fn end(&self, error: Option<Error>) {
        self.state().end = Some(error);
        self.filled.notify_one();
    }

    /// Whether the consumer took everything.
    pub fn is_empty(&self) -> bool {
        let state = self.state();
        state.snapshot.is_none() && state.batches.is_empty()
    }

    /// Waits until the consumer took everything.
    pub async fn emptied(&self) {
        self.state().blocked = true;
        self.filled.notify_one();
        while self.state().blocked {
            self.drained.notified().await;
        }
    }

    /// The stream of its batches. Dropping it ends the producer.
    pub fn stream(self: Arc<Self>, producer: JoinHandle<()>) -> WatchStream {
        let status = self.status();
        let state = (self, AbortOnDropHandle::new(producer));
        let batches = futures_util::stream::unfold(state, |state| async move {
            let batch = state.0.next().await?;
            Some((batch, state))
        });
        WatchStream::new(batches, status)
    }

    /// The next batch; `None`: the watch has ended.
    async fn next(&self) -> Option<Result<Batch, Error>> {
        loop {
            if let Some(batch) = self.take() {
                return Some(Ok(batch));
            }
            let end = self.state().end.take();
            if let Some(end) = end {
                self.end(None);
                return end.map(Err);
            }
            self.filled.notified().await;
        }
    }

    fn take(&self) -> Option<Batch> {
        self.change(|state| {
            if let Some((batch, _)) = state.snapshot.take() {
                return Some(batch);
            }
            let batch = state.batches.pop_front();
            match &batch {
                Some(batch) => state.bytes -= size(batch),
                None if state.blocked => {
                    state.blocked = false;
                    self.drained.notify_one();
                }
                None => {}
            }
            batch
        })
    }
}

fn size(batch: &Batch) -> usize {
    let Batch::Events { events, .. } = batch else {
        return 0;
    };
    let one = |event: &Event| match event {
        Event::Put(entry) => entry.key.as_str().len() + entry.value.len(),
        Event::Delete { key, .. } => key.as_str().len(),
    };
    events.iter().map(one).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Revision;

    fn progress(revision: u64) -> Batch {
        let revision = Revision(revision);
        Batch::Progress { revision }
    }

    fn take_all(queue: &WatchQueue) -> usize {
        std::iter::from_fn(|| queue.take()).count()
    }

    #[tokio::test]
    async fn a_consumer_that_lags_is_told_so_and_the_producer_waits_for_it() {
        let queue = WatchQueue::new(WatchStatus::Live);
        queue.snapshot(progress(0), SnapshotReason::Started);
        let push = |i| queue.push(progress(i), false);
        let pushed = (1..).map(push).take_while(|room| *room == Room::Left);
        assert_eq!(pushed.count(), MAX_BATCHES);
        let status = queue.status();
        let lagging = WatchStatus::Resyncing(SnapshotReason::Lagged);
        assert_eq!(*status.borrow(), lagging);
        tokio::join!(queue.emptied(), async {
            tokio::task::yield_now().await;
            assert_eq!(take_all(&queue), 1, "only the snapshot");
        });
        assert_eq!(*status.borrow(), lagging);
        queue.snapshot(progress(9999), SnapshotReason::Lagged);
        assert_eq!(queue.next().await.unwrap().unwrap(), progress(9999));
        assert_eq!(*status.borrow(), WatchStatus::Live);
        queue.end(None);
        assert!(queue.next().await.is_none() && queue.next().await.is_none());
    }

    #[tokio::test]
    async fn nothing_of_the_past_is_dropped() {
        let queue = WatchQueue::new(WatchStatus::Replaying);
        let push = |i| queue.push(progress(i), true);
        let pushed = (1..).map(push).take_while(|room| *room == Room::Left);
        assert_eq!(pushed.count(), MAX_BATCHES);
        tokio::join!(queue.emptied(), async {
            tokio::task::yield_now().await;
            assert_eq!(take_all(&queue), MAX_BATCHES + 1);
        });
    }
}
