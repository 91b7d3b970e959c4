//! Watchers: bounded queues filled by the writer thread after each commit.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::{Notify, watch};

use carml_kv::{Batch, Event, Key, Revision, SnapshotReason, WatchStatus};

/// A consumer that falls behind by more batches or bytes than this gets a snapshot instead.
const MAX_BATCHES: usize = 1024;
const MAX_BYTES: usize = 16 << 20;

/// What a watcher follows.
#[derive(Clone, Debug)]
pub(super) enum Scope {
    Key(Key),
    /// The strict prefix, empty for the whole namespace.
    Tree(String),
}

impl Scope {
    /// The first key that may be within the scope.
    pub(super) fn start(&self) -> &str {
        match self {
            Scope::Key(key) => key.as_str(),
            Scope::Tree(prefix) => prefix,
        }
    }
    pub(super) fn contains(&self, key: &str) -> bool {
        match self {
            Scope::Key(own) => own.as_str() == key,
            Scope::Tree(prefix) => key.starts_with(prefix.as_str()),
        }
    }
}

#[derive(Default)]
struct Queue {
    batches: VecDeque<(Revision, Vec<Event>)>,
    bytes: usize,
    lagged: bool,
    closed: bool,
}

/// The next step of a watcher.
pub(super) enum WatchStep {
    Deliver(Batch),
    /// Too far behind: the queue was dropped.
    Resync,
    Wait,
    End,
}

pub(super) struct Watcher {
    id: u64,
    pub(super) scope: Scope,
    pub(super) status: watch::Sender<WatchStatus>,
    queue: Mutex<Queue>,
    wake: Notify,
}

impl Watcher {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
    /// Empties the queue: a snapshot that is read afterwards includes its changes.
    pub(super) fn restart(&self) {
        let mut queue = self.queue();
        queue.batches.clear();
        (queue.bytes, queue.lagged) = (0, false);
    }
    pub(super) fn set_status(&self, status: WatchStatus) {
        self.status
            .send_if_modified(|now| std::mem::replace(now, status) != status);
    }
    /// Everything read was delivered: the watch is live unless it lags already.
    pub(super) fn live(&self) {
        let queue = self.queue();
        if !queue.lagged {
            self.set_status(WatchStatus::Live);
        }
    }
    pub(super) fn next_step(&self) -> WatchStep {
        let mut queue = self.queue();
        if queue.lagged {
            return WatchStep::Resync;
        }
        match queue.batches.pop_front() {
            Some((revision, events)) => {
                queue.bytes -= size(&events);
                WatchStep::Deliver(Batch::Events { revision, events })
            }
            None if queue.closed => WatchStep::End,
            None => WatchStep::Wait,
        }
    }
    pub(super) async fn woken(&self) {
        self.wake.notified().await;
    }
    fn push(&self, revision: Revision, events: Vec<Event>) {
        let mut queue = self.queue();
        if !queue.lagged {
            queue.bytes += size(&events);
            queue.batches.push_back((revision, events));
            // A single batch always fits: it is as large as its transaction.
            let many = queue.batches.len() > MAX_BATCHES || queue.bytes > MAX_BYTES;
            if many && queue.batches.len() > 1 {
                queue.batches.clear();
                queue.bytes = 0;
                queue.lagged = true;
                self.set_status(WatchStatus::Resyncing(SnapshotReason::Lagged));
            }
        }
        self.wake.notify_one();
    }
    fn close(&self) {
        self.queue().closed = true;
        self.wake.notify_one();
    }
}

fn size(events: &[Event]) -> usize {
    let one = |event: &Event| match event {
        Event::Put(entry) => entry.key.as_str().len() + entry.value.len(),
        Event::Delete { key, .. } => key.as_str().len(),
    };
    events.iter().map(one).sum()
}

#[derive(Default)]
struct Open {
    open: HashMap<u64, Arc<Watcher>>,
    closed: bool,
}

#[derive(Default)]
pub(super) struct Watchers {
    next: AtomicU64,
    watchers: Mutex<Open>,
}

impl Watchers {
    fn watchers(&self) -> MutexGuard<'_, Open> {
        self.watchers.lock().unwrap_or_else(PoisonError::into_inner)
    }
    /// Registers a watcher: it receives every later commit; a snapshot read afterwards includes
    /// every earlier one.
    pub(super) fn add(&self, scope: Scope) -> Arc<Watcher> {
        let watcher = Arc::new(Watcher {
            id: self.next.fetch_add(1, Ordering::Relaxed),
            scope,
            status: watch::Sender::new(WatchStatus::Resyncing(SnapshotReason::Started)),
            queue: Mutex::default(),
            wake: Notify::new(),
        });
        let mut watchers = self.watchers();
        if watchers.closed {
            watcher.close();
        } else {
            watchers.open.insert(watcher.id, watcher.clone());
        }
        watcher
    }
    pub(super) fn remove(&self, watcher: &Watcher) {
        self.watchers().open.remove(&watcher.id);
    }
    pub(super) fn count(&self) -> usize {
        self.watchers().open.len()
    }
    pub(super) fn publish(&self, revision: Revision, events: &[Event]) {
        for watcher in self.watchers().open.values() {
            let contained = |event: &&Event| watcher.scope.contains(event.key().as_str());
            let seen: Vec<Event> = events.iter().filter(contained).cloned().collect();
            if !seen.is_empty() {
                watcher.push(revision, seen);
            }
        }
    }
    pub(super) fn close(&self) {
        let mut watchers = self.watchers();
        watchers.closed = true;
        for (_, watcher) in watchers.open.drain() {
            watcher.close();
        }
    }
}
