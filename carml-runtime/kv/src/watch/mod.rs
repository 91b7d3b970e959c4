//! What a watch tells.

mod helpers;
mod stream;

pub use helpers::{Changes, Snapshot};
pub use stream::{WatchStatus, WatchStream};

use super::{Entry, Key, Revision};

/// Where a watch begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum From {
    /// A snapshot first, then every change.
    #[default]
    Now,
    /// Every change after this revision, then a [`Batch::Progress`]; a snapshot if the history is
    /// gone.
    Revision(Revision),
}

/// Why a snapshot was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The watch has begun.
    Started,
    /// The history asked for is gone.
    Compacted,
    /// The consumer was too slow.
    Lagged,
    /// The connection was down.
    Disconnected,
    /// The session ended.
    SessionExpired,
    /// The backend's index went back.
    IndexReset,
}

/// Why a key went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Somebody removed it.
    Explicit,
    /// Its lease ended.
    Expired,
    /// The backend does not tell.
    Unknown,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A key was written.
    Put(Entry),
    /// A key was removed.
    Delete {
        /// Which.
        key: Key,
        /// Why.
        cause: Cause,
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

/// What a watch yields. The revision of the last batch is the resume token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Batch {
    /// The whole state; replaces what was known.
    Snapshot {
        /// All entries.
        entries: Vec<Entry>,
        /// As of this revision.
        revision: Revision,
        /// Why it was sent.
        reason: Reason,
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
