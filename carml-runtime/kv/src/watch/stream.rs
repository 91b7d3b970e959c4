//! The stream of a watch, and how it stands.
use std::{
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::Stream;
use futures_util::StreamExt as _;
use tokio::sync::watch;

use super::{Batch, Reason};
use crate::Error;

/// How a watch stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WatchStatus {
    /// What was missed since a revision is on its way.
    Replaying,
    /// A snapshot is on its way.
    Resyncing(Reason),
    /// Changes are told as they come.
    Live,
}

/// A watch. Dropping it ends it and leaves nothing behind; it ends by itself only when the store
/// is closed (`None`) or when it cannot go on (an error, then `None`).
pub struct WatchStream {
    batches: Pin<Box<dyn Stream<Item = Result<Batch, Error>> + Send>>,
    status: watch::Receiver<WatchStatus>,
}

impl WatchStream {
    /// For backends: `status` ends with the watch.
    pub fn new(
        batches: impl Stream<Item = Result<Batch, Error>> + Send + 'static,
        status: watch::Receiver<WatchStatus>,
    ) -> Self {
        WatchStream {
            batches: Box::pin(batches.fuse()),
            status,
        }
    }

    /// How the watch stands: now, then each time that this changes, until the watch ends. Of quick
    /// changes only the last is told.
    pub fn status(&self) -> impl Stream<Item = WatchStatus> + Send + Unpin + use<> {
        tokio_stream::wrappers::WatchStream::new(self.status.clone())
    }
}

impl Stream for WatchStream {
    type Item = Result<Batch, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.batches.as_mut().poll_next(cx)
    }
}

impl std::fmt::Debug for WatchStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WatchStream")
            .field("status", &*self.status.borrow())
            .finish_non_exhaustive()
    }
}
