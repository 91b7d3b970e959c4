//! The calls in progress on one connection.

use std::{
    future::poll_fn,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll},
};

use futures_util::task::AtomicWaker;

/// Counts the tasks of calls.
///
/// A client that resets a stream may open another one at once; its task may still run. There are
/// never more tasks than `max`.
#[derive(Debug)]
pub(super) struct Calls {
    live: AtomicUsize,
    max: usize,
    /// The connection wants to know when there is none any more.
    is_watched: AtomicBool,
    connection: AtomicWaker,
}

/// A call in progress, until this is dropped.
#[derive(Debug)]
pub(super) struct LiveCall(Arc<Calls>);

impl Calls {
    pub(super) fn new(max: usize) -> Arc<Self> {
        Arc::new(Self {
            live: AtomicUsize::new(0),
            max,
            is_watched: AtomicBool::new(false),
            connection: AtomicWaker::new(),
        })
    }

    pub(super) fn begin(self: &Arc<Self>) -> LiveCall {
        self.live.fetch_add(1, SeqCst);
        LiveCall(Arc::clone(self))
    }

    pub(super) fn any(&self) -> bool {
        self.live.load(SeqCst) > 0
    }

    /// From now on, the task that polls is woken when the last call ends.
    pub(super) fn watch(&self) {
        self.is_watched.store(true, SeqCst);
    }

    /// Whether one more may begin. If not, the task is woken when it may.
    pub(super) fn poll_room(&self, cx: &Context<'_>) -> bool {
        self.connection.register(cx.waker());
        self.live.load(SeqCst) < self.max
    }

    /// Waits until there is none.
    pub(super) async fn none(&self) {
        self.watch();
        poll_fn(|cx| {
            self.connection.register(cx.waker());
            match self.any() {
                true => Poll::Pending,
                false => Poll::Ready(()),
            }
        })
        .await;
    }
}

impl Drop for LiveCall {
    fn drop(&mut self) {
        let Calls {
            live,
            max,
            is_watched,
            connection,
        } = &*self.0;
        let before = live.fetch_sub(1, SeqCst);
        if before == *max || (before == 1 && is_watched.load(SeqCst)) {
            connection.wake();
        }
    }
}
