//! What is reported while a file is downloaded.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::Notify;

/// A step of a download.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// Bytes are about to flow: `resumed` of `size` are there already.
    Started {
        /// The URL, without user information and query.
        url: String,
        /// The size, if the server says it.
        size: Option<u64>,
        /// The bytes that are kept from an earlier attempt.
        resumed: u64,
    },
    /// Bytes arrived. At most ten events per second; a slow receiver misses some.
    Progress {
        /// The bytes that are there.
        received: u64,
        /// The size, if it is known.
        size: Option<u64>,
    },
    /// Another process downloads the same file.
    Waiting,
    /// An attempt failed; the next one begins after a pause.
    Retry {
        /// The pause.
        after: Duration,
        /// The reason.
        why: String,
    },
    /// The received bytes cannot be used: the transfer starts again at the first byte.
    Restarted {
        /// The reason.
        why: String,
    },
    /// The last bytes are hashed and compared.
    Verifying,
    /// The archive is unpacked.
    Unpacking,
    /// The file is there.
    Done {
        /// Its size.
        size: u64,
        /// Bytes that were received for it. 0: from the cache.
        received: u64,
    },
    /// The download failed.
    Failed {
        /// The reason.
        why: String,
    },
}

/// A channel of events: the sender is for [`Request::events`](crate::Request::events).
///
/// A slow receiver never slows down a transfer: it misses only `Progress` events.
pub fn events() -> (EventSender, EventReceiver) {
    let queue = Arc::new(Queue::default());
    let sender = EventSender(Arc::new(Sender(Arc::clone(&queue))));
    (sender, EventReceiver(queue))
}

#[derive(Debug, Default)]
struct Queue {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    events: VecDeque<Event>,
    /// The newest progress, if it is after all of `events`.
    progress: Option<Event>,
    is_closed: bool,
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where events go. Cheap to clone.
#[derive(Clone, Debug)]
pub struct EventSender(Arc<Sender>);

#[derive(Debug)]
struct Sender(Arc<Queue>);

impl Drop for Sender {
    fn drop(&mut self) {
        self.0.state().is_closed = true;
        self.0.changed.notify_one();
    }
}

impl EventSender {
    pub(crate) fn send(&self, event: Event) {
        let queue = &self.0.0;
        let mut state = queue.state();
        if let Event::Progress { .. } = event {
            state.progress = Some(event);
        } else {
            state.progress = None;
            state.events.push_back(event);
        }
        drop(state);
        queue.changed.notify_one();
    }
}

/// Where events come from.
#[derive(Debug)]
pub struct EventReceiver(Arc<Queue>);

impl EventReceiver {
    /// The next event, or `None` when the download has ended and all its events were read.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            {
                let mut state = self.0.state();
                let next = state.events.pop_front().or_else(|| state.progress.take());
                if next.is_some() || state.is_closed {
                    return next;
                }
            }
            self.0.changed.notified().await;
        }
    }
}

/// Between two reports of progress.
const PROGRESS_PAUSE: Duration = Duration::from_millis(100);

/// The listeners of one transfer: all who asked for the file.
#[derive(Debug, Default)]
pub(crate) struct Broadcast(Mutex<Listeners>);

#[derive(Debug, Default)]
struct Listeners {
    senders: Vec<EventSender>,
    /// For those who come later.
    started: Option<Event>,
    progress_at: Option<Instant>,
}

impl Broadcast {
    fn listeners(&self) -> MutexGuard<'_, Listeners> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add(&self, sender: EventSender) {
        let mut listeners = self.listeners();
        if let Some(started) = &listeners.started {
            sender.send(started.clone());
        }
        listeners.senders.push(sender);
    }

    pub(crate) fn send(&self, event: Event) {
        let mut listeners = self.listeners();
        for sender in &listeners.senders {
            sender.send(event.clone());
        }
        if let Event::Started { .. } = event {
            listeners.started = Some(event);
        }
    }

    pub(crate) fn progress(&self, received: u64, size: Option<u64>) {
        let mut listeners = self.listeners();
        let now = Instant::now();
        let is_due = listeners
            .progress_at
            .is_none_or(|at| now.duration_since(at) >= PROGRESS_PAUSE);
        if is_due {
            listeners.progress_at = Some(now);
            for sender in &listeners.senders {
                sender.send(Event::Progress { received, size });
            }
        }
    }
}
