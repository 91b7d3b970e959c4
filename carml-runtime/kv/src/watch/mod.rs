//! Watches.

mod helpers;
mod stream;

pub use helpers::{Changes, Snapshot};
pub use stream::{WatchStatus, WatchStream};

use crate::{Entry, Key, Revision};

/// Where a watch starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WatchStart {
    /// A snapshot first, then every change.
    #[default]
    Now,
    /// Every change after this revision, then a [`Batch::Progress`]; a snapshot instead if the
    /// history no longer contains that revision.
    Revision(Revision),
}

/// Why a snapshot was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SnapshotReason {
    /// The watch started.
    Started,
    /// The requested history is no longer kept.
    Compacted,
    /// The consumer was too slow.
    Lagged,
    /// The connection was down.
    Disconnected,
    /// The session ended.
    SessionExpired,
    /// The backend's revisions were reset.
    IndexReset,
}

/// Why a key was removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeleteCause {
    /// By a call.
    Explicit,
    /// Its lease ended.
    Expired,
    /// The backend does not report it.
    Unknown,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A key was written.
    Put(Entry),
    /// A key was removed.
    Delete {
        /// The key.
        key: Key,
        /// Why.
        cause: DeleteCause,
    },
}

impl Event {
    /// The key that changed.
    pub fn key(&self) -> &Key {
        match self {
            Event::Put(entry) => &entry.key,
            Event::Delete { key, .. } => key,
        }
    }
}

/// An item of a watch. The revision of the last batch is the token to resume from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Batch {
    /// The whole state; replaces the previous one.
    Snapshot {
        /// All entries.
        entries: Vec<Entry>,
        /// As of this revision.
        revision: Revision,
        /// Why it was sent.
        reason: SnapshotReason,
    },
    /// All changes of one revision.
    Events {
        /// That revision.
        revision: Revision,
        /// The changes.
        events: Vec<Event>,
    },
    /// Nothing changed up to this revision.
    Progress {
        /// That revision.
        revision: Revision,
    },
}

/// A part of a [`Batch`], for those who do not want a large snapshot whole in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The batch, or a part of the entries of a snapshot.
    pub batch: Batch,
    /// More entries of the same snapshot follow. All parts of a snapshot have the same revision:
    /// one with another revision, or another kind of batch, replaces the parts before it.
    pub is_partial: bool,
}

impl From<Batch> for Piece {
    fn from(batch: Batch) -> Piece {
        Piece {
            batch,
            is_partial: false,
        }
    }
}
