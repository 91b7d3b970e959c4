//! Watchers: bounded queues filled by the writer thread after each commit.
use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::Sender,
    },
};

use tokio::sync::Notify;

use super::writer::Command;
use crate::kv::{Batch, Event, Key, WatchStream};

/// A consumer this many batches behind is resynced with a snapshot.
const QUEUE: usize = 1024;

/// What a watcher follows.
#[derive(Clone, Debug)]
pub(super) enum Scope {
    Key(Key),
    /// The strict prefix, empty for the whole namespace.
    Tree(String),
}

impl Scope {
    pub(super) fn sees(&self, key: &str) -> bool {
        match self {
            Scope::Key(own) => own.as_str() == key,
            Scope::Tree(prefix) => key.starts_with(prefix.as_str()),
        }
    }
}

#[derive(Default)]
struct Queue {
    batches: VecDeque<Batch>,
    lagged: bool,
    closed: bool,
}

pub(super) struct Watcher {
    id: u64,
    pub(super) scope: Scope,
    queue: Mutex<Queue>,
    wake: Notify,
    /// Set under the hub's lock, so that a watch dropped before it began is never added.
    dropped: AtomicBool,
}

impl Watcher {
    fn with<T>(&self, f: impl FnOnce(&mut Queue) -> T) -> T {
        let out = f(&mut self.queue.lock().unwrap_or_else(PoisonError::into_inner));
        self.wake.notify_one();
        out
    }
    /// Replaces the queue: the start, or a resync. Only the writer thread calls this, so no
    /// commit falls between the snapshot and the events that follow.
    pub(super) fn restart(&self, batches: Vec<Batch>) {
        self.with(|q| {
            q.batches = batches.into();
            q.lagged = false;
        });
    }
}

#[derive(Default)]
pub(super) struct Hub {
    next: AtomicU64,
    watchers: Mutex<HashMap<u64, Arc<Watcher>>>,
}

impl Hub {
    fn watchers(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Arc<Watcher>>> {
        self.watchers.lock().unwrap_or_else(PoisonError::into_inner)
    }
    pub(super) fn watcher(&self, scope: Scope) -> Arc<Watcher> {
        Arc::new(Watcher {
            id: self.next.fetch_add(1, Ordering::Relaxed),
            scope,
            queue: Mutex::default(),
            wake: Notify::new(),
            dropped: AtomicBool::new(false),
        })
    }
    pub(super) fn add(&self, watcher: Arc<Watcher>) {
        let mut watchers = self.watchers();
        if !watcher.dropped.load(Ordering::Relaxed) {
            watchers.insert(watcher.id, watcher);
        }
    }
    pub(super) fn count(&self) -> usize {
        self.watchers().len()
    }
    pub(super) fn publish(&self, revision: crate::kv::Revision, events: &[Event]) {
        for watcher in self.watchers().values() {
            let seen: Vec<Event> = events
                .iter()
                .filter(|e| watcher.scope.sees(e.key().as_str()))
                .cloned()
                .collect();
            if seen.is_empty() {
                continue;
            }
            watcher.with(|q| {
                if q.lagged || q.batches.len() >= QUEUE {
                    q.batches.clear();
                    q.lagged = true;
                } else {
                    q.batches.push_back(Batch::Events {
                        revision,
                        events: seen,
                    });
                }
            });
        }
    }
    pub(super) fn close(&self) {
        for (_, watcher) in self.watchers().drain() {
            watcher.with(|q| q.closed = true);
        }
    }
}

/// Removes the watcher when the stream is dropped.
pub(super) struct Subscription {
    pub(super) hub: Arc<Hub>,
    pub(super) watcher: Arc<Watcher>,
    pub(super) writer: Sender<Command>,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut watchers = self.hub.watchers();
        self.watcher.dropped.store(true, Ordering::Relaxed);
        watchers.remove(&self.watcher.id);
    }
}

impl Subscription {
    pub(super) fn stream(self) -> WatchStream {
        Box::pin(futures_util::stream::unfold(
            (self, false),
            |(sub, mut asked)| async move {
                loop {
                    let (batch, lagged, closed) = {
                        let mut q = sub
                            .watcher
                            .queue
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner);
                        (q.batches.pop_front(), q.lagged, q.closed)
                    };
                    if let Some(batch) = batch {
                        return Some((Ok(batch), (sub, false)));
                    }
                    if closed {
                        return None;
                    }
                    if lagged && !asked {
                        asked = true;
                        if sub
                            .writer
                            .send(Command::Resync(sub.watcher.clone()))
                            .is_err()
                        {
                            return None;
                        }
                    }
                    sub.watcher.wake.notified().await;
                }
            },
        ))
    }
}
