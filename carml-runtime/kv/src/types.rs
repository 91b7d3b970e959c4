//! Values, revisions, options and pages.

use bytes::Bytes;

use crate::Key;

/// The largest portable value, in bytes.
pub const MAX_VALUE: usize = 512 * 1024;

/// A point in the store's history. It never repeats; 0 precedes everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(pub u64);

/// Identifies a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeaseId(pub u64);

/// A stored value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its key.
    pub key: Key,
    /// Its value, which may be empty.
    pub value: Bytes,
    /// The revision of its last write.
    pub revision: Revision,
    /// The lease whose end removes it.
    pub lease: Option<LeaseId>,
}

/// How fresh a read must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Consistency {
    /// Sees every write that was acknowledged before the read began.
    #[default]
    Linearizable,
    /// May return an older state.
    Stale,
}

/// One page of a listing, read from a snapshot of its own. Several pages show the same state only
/// if their revisions are equal. Where that matters, start again if they differ, or use a watch,
/// which starts with the whole directory at one revision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The entries, in the order of their keys.
    pub entries: Vec<Entry>,
    /// For [`ListOptions::after`] of the next page; `None`: this is the last page.
    pub next: Option<Key>,
    /// The revision of the snapshot that this page was read from.
    pub revision: Revision,
}

/// How to list.
#[derive(Clone, Debug)]
pub struct ListOptions {
    /// The maximum number of entries, at least 1.
    pub limit: usize,
    /// Continues after this key.
    pub after: Option<Key>,
    /// How fresh the read must be.
    pub consistency: Consistency,
}

impl Default for ListOptions {
    fn default() -> Self {
        ListOptions {
            limit: 1000,
            after: None,
            consistency: Consistency::default(),
        }
    }
}
