//! The stream of a watch, and its status.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::Stream;
use futures_util::StreamExt as _;
use tokio::sync::watch;

use super::{Batch, SnapshotReason};
use crate::Error;

/// The status of a watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WatchStatus {
    /// Past changes are being read.
    Replaying,
    /// A snapshot is being read.
    Resyncing(SnapshotReason),
    /// Changes are delivered as they happen.
    Live,
}

/// A stream of [`Batch`]es. Dropping it ends the watch. It ends by itself only when the store is
/// closed (`None`), or when it cannot continue (an error, then `None`).
///
/// [`snapshots`](Self::snapshots) and [`events`](Self::events) are simpler views of it.
pub struct WatchStream {
    batches: Pin<Box<dyn Stream<Item = Result<Batch, Error>> + Send>>,
    status: watch::Receiver<WatchStatus>,
}

impl WatchStream {
    /// For backends: the sender of `status` is dropped with the watch.
    pub fn new(
        batches: impl Stream<Item = Result<Batch, Error>> + Send + 'static,
        status: watch::Receiver<WatchStatus>,
    ) -> Self {
        WatchStream {
            batches: Box::pin(batches.fuse()),
            status,
        }
    }

    /// The current status, then every change of it until the watch ends. Of changes in quick
    /// succession only the last is delivered.
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
