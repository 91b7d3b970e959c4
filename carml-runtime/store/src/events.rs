//! What happens in a transfer.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use futures_util::{StreamExt as _, stream};
use tokio::sync::mpsc;
use tracing::Instrument as _;

use crate::{ByteStream, observer::Call};

/// How often progress is reported.
const INTERVAL: Duration = Duration::from_millis(100);

/// The number of events that a listener may be behind before it loses progress.
const MAX_BACKLOG: usize = 64;

/// What happens in a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The transfer begins.
    Started {
        /// The size, if it is known.
        size: Option<u64>,
    },
    /// Bytes were transferred; at most ten a second.
    Progress {
        /// How many in all.
        bytes: u64,
    },
    /// A request is sent again.
    Retry {
        /// After this pause.
        after: Duration,
        /// The reason.
        why: String,
    },
    /// The transfer is complete.
    Done {
        /// How many bytes in all.
        bytes: u64,
    },
    /// The transfer failed.
    Failed {
        /// The reason.
        why: String,
    },
}

/// Where a transfer reports to: to a [`Listener`], or by default to nobody. Cheap to clone.
///
/// Reporting never waits. A slow listener loses progress, and nothing else.
#[derive(Clone, Default)]
pub struct Events(Option<Arc<Reporter>>);

struct Reporter {
    queue: mpsc::UnboundedSender<Event>,
    /// How many events the listener has not received yet.
    backlog: Arc<AtomicUsize>,
    progress: Mutex<Progress>,
}

#[derive(Default)]
struct Progress {
    bytes: u64,
    reported: Option<Instant>,
}

/// Receives the events of the transfers that it was given to.
#[derive(Debug)]
pub struct Listener {
    queue: mpsc::UnboundedReceiver<Event>,
    backlog: Arc<AtomicUsize>,
}

impl Events {
    /// Events, and who receives them.
    pub fn new() -> (Self, Listener) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let backlog = Arc::new(AtomicUsize::new(0));
        let reporter = Reporter {
            queue: sender,
            backlog: Arc::clone(&backlog),
            progress: Mutex::default(),
        };
        let listener = Listener {
            queue: receiver,
            backlog,
        };
        (Self(Some(Arc::new(reporter))), listener)
    }

    /// Reports an event.
    pub fn report(&self, event: Event) {
        if let Some(reporter) = &self.0 {
            reporter.backlog.fetch_add(1, Relaxed);
            // Nobody may be listening any more.
            let _ = reporter.queue.send(event);
        }
    }

    /// Adds transferred bytes.
    pub fn add(&self, bytes: u64) {
        let Some(reporter) = &self.0 else {
            return;
        };
        let mut progress = reporter
            .progress
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        progress.bytes += bytes;
        let is_due = progress
            .reported
            .is_none_or(|last| last.elapsed() >= INTERVAL);
        if is_due && reporter.backlog.load(Relaxed) < MAX_BACKLOG {
            progress.reported = Some(Instant::now());
            let bytes = progress.bytes;
            drop(progress);
            self.report(Event::Progress { bytes });
        }
    }
}

/// A stream that reports its progress and its end, which is that of the call too.
pub(crate) fn observed(stream: ByteStream, events: Events, call: Call) -> ByteStream {
    let state = Some((stream, events, call));
    Box::pin(stream::unfold(state, |state| async move {
        let (mut stream, events, mut call): (ByteStream, Events, Call) = state?;
        match stream.next().instrument(call.span()).await {
            Some(Ok(chunk)) => {
                events.add(chunk.len() as u64);
                call.add(chunk.len() as u64);
                Some((Ok(chunk), Some((stream, events, call))))
            }
            Some(Err(error)) => {
                let why = error.to_string();
                events.report(Event::Failed { why });
                call.ended(Some(error.kind));
                Some((Err(error), None))
            }
            None => {
                let bytes = call.bytes();
                events.report(Event::Done { bytes });
                call.ended(None);
                None
            }
        }
    }))
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() {
            "Events(..)"
        } else {
            "Events(none)"
        })
    }
}

impl Listener {
    /// The next event. `None`: all transfers have ended.
    pub async fn next(&mut self) -> Option<Event> {
        let event = self.queue.recv().await;
        if event.is_some() {
            self.backlog.fetch_sub(1, Relaxed);
        }
        event
    }
}
