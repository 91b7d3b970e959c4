//! The stream of a watch, and its status.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_core::Stream;
use futures_util::StreamExt as _;
use tokio::sync::watch;

use super::{Batch, Piece, SnapshotReason};
use crate::{Entry, Error, Revision};

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
/// [`snapshots`](Self::snapshots) and [`events`](Self::events) are simpler views of it;
/// [`pieces`](Self::pieces) has large snapshots in parts.
pub struct WatchStream {
    pieces: PieceStream,
    begun: Option<BegunSnapshot>,
    status: watch::Receiver<WatchStatus>,
}

type PieceStream = Pin<Box<dyn Stream<Item = Result<Piece, Error>> + Send>>;

/// The parts of a snapshot that have arrived.
struct BegunSnapshot {
    entries: Vec<Entry>,
    revision: Revision,
}

impl WatchStream {
    /// For backends: the sender of `status` is dropped with the watch.
    pub fn new(
        batches: impl Stream<Item = Result<Batch, Error>> + Send + 'static,
        status: watch::Receiver<WatchStatus>,
    ) -> Self {
        WatchStream::from_pieces(batches.map(|batch| batch.map(Piece::from)), status)
    }

    /// For backends that read large snapshots in parts.
    pub fn from_pieces(
        pieces: impl Stream<Item = Result<Piece, Error>> + Send + 'static,
        status: watch::Receiver<WatchStatus>,
    ) -> Self {
        WatchStream {
            pieces: Box::pin(pieces.fuse()),
            begun: None,
            status,
        }
    }

    /// The batches as the backend reads them. The embedded store reads a snapshot in parts of about
    /// 1 MiB; the other backends have it whole.
    pub fn pieces(self) -> impl Stream<Item = Result<Piece, Error>> + Send + Unpin {
        self.pieces
    }

    /// A batch, once all of its parts are there.
    fn assemble(&mut self, piece: Piece) -> Option<Batch> {
        let begun = self.begun.take();
        let Batch::Snapshot {
            mut entries,
            revision,
            reason,
        } = piece.batch
        else {
            return Some(piece.batch);
        };
        if let Some(mut begun) = begun.filter(|begun| begun.revision == revision) {
            begun.entries.append(&mut entries);
            entries = begun.entries;
        }
        if piece.is_partial {
            self.begun = Some(BegunSnapshot { entries, revision });
            return None;
        }
        Some(Batch::Snapshot {
            entries,
            revision,
            reason,
        })
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
        loop {
            let piece = match ready!(self.pieces.as_mut().poll_next(cx)) {
                Some(Ok(piece)) => piece,
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            };
            if let Some(batch) = self.assemble(piece) {
                return Poll::Ready(Some(Ok(batch)));
            }
        }
    }
}

impl std::fmt::Debug for WatchStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WatchStream")
            .field("status", &*self.status.borrow())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(keys: &[&str], revision: u64) -> Batch {
        let entry = |key: &&str| Entry {
            key: key.parse().unwrap(),
            value: Default::default(),
            revision: Revision(1),
            lease: None,
        };
        Batch::Snapshot {
            entries: keys.iter().map(entry).collect(),
            revision: Revision(revision),
            reason: SnapshotReason::Started,
        }
    }

    #[tokio::test]
    async fn parts_become_one_snapshot_unless_it_begins_again() {
        let part = |keys, revision| Piece {
            batch: snapshot(keys, revision),
            is_partial: true,
        };
        let pieces = [
            part(&["a"], 1),
            part(&["b"], 2),
            snapshot(&["c"], 2).into(),
            part(&["d"], 3),
            Batch::Progress {
                revision: Revision(4),
            }
            .into(),
            snapshot(&["e"], 3).into(),
        ];
        let pieces = futures_util::stream::iter(pieces.map(Ok));
        let (_sender, status) = watch::channel(WatchStatus::Live);
        let batches = WatchStream::from_pieces(pieces, status);
        let batches: Vec<_> = batches.map(Result::unwrap).collect().await;
        let progress = Batch::Progress {
            revision: Revision(4),
        };
        let expected = [snapshot(&["b", "c"], 2), progress, snapshot(&["e"], 3)];
        assert_eq!(batches, expected);
    }
}
