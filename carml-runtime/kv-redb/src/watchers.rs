//! Watchers: bounded queues filled by the writer thread after each commit.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use redb::ReadTransaction;
use tokio::sync::{Notify, watch};

use carml_kv::{Batch, Event, Key, Revision, SnapshotReason, WatchStatus};

/// A consumer that falls behind by more batches or bytes than this gets a snapshot instead.
const MAX_BATCHES: usize = 1024;
const MAX_BYTES: usize = 16 << 20;
/// A consumer hears of a revision after so many revisions, or so many bytes of changes, of which it
/// sees nothing: a tenth of the log, which it resumes from.
const PROGRESS_REVISIONS: u64 = 1000;
const PROGRESS_BYTES: u64 = 6 << 20;
/// A snapshot that is not read for so long begins again, if there were changes: the file keeps all
/// that it contains.
const MAX_IDLE: Duration = match cfg!(test) {
    true => Duration::from_millis(50),
    false => Duration::from_secs(30),
};

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
    /// Up to here nothing changed within the scope since the last batch.
    progress: Option<Revision>,
    snapshot: Option<OpenSnapshot>,
}

/// A snapshot that is delivered in parts.
struct OpenSnapshot {
    txn: Arc<ReadTransaction>,
    read: Instant,
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
    /// What the consumer has heard of.
    heard: Heard,
}

/// A revision, and the size of all changes up to it since the store was opened.
#[derive(Default)]
struct Heard {
    revision: AtomicU64,
    bytes: AtomicU64,
}

impl Heard {
    fn set(&self, revision: Revision, bytes: u64) {
        self.revision.store(revision.0, Ordering::Relaxed);
        self.bytes.store(bytes, Ordering::Relaxed);
    }
    fn is_old(&self, revision: Revision, bytes: u64) -> bool {
        let heard = self.revision.load(Ordering::Relaxed);
        revision.0.saturating_sub(heard) >= PROGRESS_REVISIONS
            || bytes.saturating_sub(self.bytes.load(Ordering::Relaxed)) >= PROGRESS_BYTES
    }
}

impl Watcher {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
    /// Empties the queue: a snapshot that is read afterwards includes its changes.
    pub(super) fn restart(&self) {
        let mut queue = self.queue();
        queue.batches.clear();
        (queue.bytes, queue.lagged, queue.progress) = (0, false, None);
    }
    /// Keeps a snapshot until it is delivered.
    pub(super) fn begin_snapshot(&self, txn: Arc<ReadTransaction>) {
        let read = Instant::now();
        self.queue().snapshot = Some(OpenSnapshot { txn, read });
    }
    /// The snapshot that is being delivered; `None`: it was not read for too long.
    pub(super) fn snapshot(&self) -> Option<Arc<ReadTransaction>> {
        let mut queue = self.queue();
        let snapshot = queue.snapshot.as_mut()?;
        snapshot.read = Instant::now();
        Some(snapshot.txn.clone())
    }
    pub(super) fn end_snapshot(&self) {
        self.queue().snapshot = None;
    }
    pub(super) fn set_status(&self, status: WatchStatus) {
        self.status
            .send_if_modified(|now| std::mem::replace(now, status) != status);
    }
    /// Everything read was delivered: the watch is live unless it lags already.
    pub(super) fn live(&self, delivered: Revision) {
        let queue = self.queue();
        self.heard
            .revision
            .fetch_max(delivered.0, Ordering::Relaxed);
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
            None => match queue.progress.take() {
                Some(revision) => WatchStep::Deliver(Batch::Progress { revision }),
                None => WatchStep::Wait,
            },
        }
    }
    pub(super) async fn woken(&self) {
        self.wake.notified().await;
    }
    fn push(&self, revision: Revision, events: Vec<Event>) {
        let mut queue = self.queue();
        queue.progress = None;
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
    /// After many changes: gives up a snapshot that is not read, and tells a consumer that sees
    /// nothing of them of the revision.
    fn pass(&self, revision: Revision, is_seen: bool) {
        let mut queue = self.queue();
        let is_idle = |snapshot: &OpenSnapshot| snapshot.read.elapsed() > MAX_IDLE;
        if queue.snapshot.as_ref().is_some_and(is_idle) {
            queue.snapshot = None;
        }
        if !is_seen {
            queue.progress = Some(revision);
            self.wake.notify_one();
        }
    }
    fn close(&self) {
        let mut queue = self.queue();
        (queue.closed, queue.snapshot) = (true, None);
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
    /// The size of all changes so far.
    bytes: u64,
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
            heard: Heard::default(),
        });
        let mut watchers = self.watchers();
        watcher.heard.set(Revision(0), watchers.bytes);
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
        let mut watchers = self.watchers();
        watchers.bytes += size(events) as u64;
        let bytes = watchers.bytes;
        for watcher in watchers.open.values() {
            let contained = |event: &&Event| watcher.scope.contains(event.key().as_str());
            let seen: Vec<Event> = events.iter().filter(contained).cloned().collect();
            let is_seen = !seen.is_empty();
            if is_seen {
                watcher.push(revision, seen);
            }
            if watcher.heard.is_old(revision, bytes) {
                watcher.heard.set(revision, bytes);
                watcher.pass(revision, is_seen);
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
