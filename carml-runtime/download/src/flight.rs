//! One download, however many wait for it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::{
    sync::watch::{self, Receiver},
    task::AbortHandle,
};
use tracing::Instrument as _;

use crate::{Cached, Error, ErrorKind, event::Broadcast, job::Job};

/// A job that runs in a task of its own until it is done, or nobody waits for it.
pub(crate) struct Flight {
    pub(crate) events: Arc<Broadcast>,
    status: Arc<Status>,
    result: Receiver<Option<Result<Cached, Error>>>,
    task: AbortHandle,
}

/// What a flight is doing.
#[derive(Debug, Default)]
pub(crate) struct Status {
    /// Whether another process has the lock.
    pub(crate) is_waiting: AtomicBool,
}

impl Flight {
    pub(crate) fn start(job: Job, events: Arc<Broadcast>) -> Self {
        let (sender, result) = watch::channel(None);
        let status = Arc::<Status>::default();
        let span = job.span();
        let running = job.run(Arc::clone(&events), Arc::clone(&status));
        let running = running.instrument(span);
        let task = tokio::spawn(async move {
            sender.send_replace(Some(running.await));
        });
        Self {
            events,
            status,
            result,
            task: task.abort_handle(),
        }
    }

    pub(crate) fn has_landed(&self) -> bool {
        self.result.borrow().is_some()
    }

    pub(crate) fn is_waiting(&self) -> bool {
        self.status.is_waiting.load(Ordering::Relaxed)
    }

    pub(crate) async fn landed(&self) -> Result<Cached, Error> {
        let mut result = self.result.clone();
        let stopped = || Error::new(ErrorKind::Cancelled, "the download was stopped");
        let ended = result.wait_for(Option::is_some).await;
        ended.map_err(|_| stopped())?.clone().ok_or_else(stopped)?
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.task.abort();
    }
}
