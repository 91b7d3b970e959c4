//! Values, revisions, options, pages and transactions.
use std::collections::HashSet;

use bytes::Bytes;

use super::{Guard, Key};

/// The largest portable value, in bytes.
pub const MAX_VALUE: usize = 512 * 1024;

/// A point in the store's history. Never repeats; 0 is before everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(pub u64);

/// The name of a lease.
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
    /// The lease that it ends with.
    pub lease: Option<LeaseId>,
}

/// How fresh a read must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Consistency {
    /// Sees every write that was acknowledged before it began.
    #[default]
    Linearizable,
    /// May be behind.
    Stale,
}

/// One page of a listing: a snapshot of its own. Several pages show one state only if their
/// revisions are equal; where that matters, begin anew when they are not, or follow the directory
/// with a watch, which begins with all of it at one revision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The entries, in the order of their keys.
    pub entries: Vec<Entry>,
    /// Pass it as [`ListOptions::after`] for the next page; `None`: this was the last.
    pub next: Option<Key>,
    /// The revision of the snapshot that this page was read from.
    pub revision: Revision,
}

/// How to list.
#[derive(Clone, Debug)]
pub struct ListOptions {
    /// The most entries in the page, at least 1.
    pub limit: usize,
    /// Continues after this key.
    pub after: Option<Key>,
    /// How fresh.
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

/// What must hold for a transaction to apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// The key has this revision; `None`: it does not exist.
    Revision(Key, Option<Revision>),
    /// The lock on the key is held with this token.
    Held(Key, u64),
}

/// One change of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Writes.
    Put(Key, Bytes, Option<LeaseId>),
    /// Removes.
    Delete(Key),
    /// Removes everything under a directory.
    DeleteTree(Key),
}

/// Several operations as one: all apply, at one revision, or none.
#[derive(Clone, Debug, Default)]
pub struct Txn {
    /// What must hold, checked first.
    pub conditions: Vec<Condition>,
    /// The changes. Each key is named at most once, and not at all if it lies under a directory
    /// that is removed.
    pub ops: Vec<Op>,
}

impl Txn {
    /// An empty transaction.
    pub fn new() -> Self {
        Txn::default()
    }
    /// Applies only while the guard's lock is held: fences the writes.
    #[must_use]
    pub fn require(mut self, guard: &Guard) -> Self {
        self.conditions
            .push(Condition::Held(guard.key().clone(), guard.token()));
        self
    }
    /// Applies only if the key has this revision (`None`: does not exist).
    #[must_use]
    pub fn expect(mut self, key: Key, revision: Option<Revision>) -> Self {
        self.conditions.push(Condition::Revision(key, revision));
        self
    }
    /// Writes a value.
    #[must_use]
    pub fn put(mut self, key: Key, value: impl Into<Bytes>) -> Self {
        self.ops.push(Op::Put(key, value.into(), None));
        self
    }
    /// Writes a value that ends with a lease.
    #[must_use]
    pub fn put_leased(mut self, key: Key, value: impl Into<Bytes>, lease: LeaseId) -> Self {
        self.ops.push(Op::Put(key, value.into(), Some(lease)));
        self
    }
    /// Removes everything under a directory.
    #[must_use]
    pub fn delete_tree(mut self, dir: Key) -> Self {
        self.ops.push(Op::DeleteTree(dir));
        self
    }
    /// Removes a key.
    #[must_use]
    pub fn delete(mut self, key: Key) -> Self {
        self.ops.push(Op::Delete(key));
        self
    }
}

impl Op {
    fn key(&self) -> &Key {
        let (Op::Put(key, ..) | Op::Delete(key) | Op::DeleteTree(key)) = self;
        key
    }
}

impl Txn {
    /// A key of which two operations speak.
    pub fn named_twice(&self) -> Option<&Key> {
        if self.ops.len() < 2 {
            return None;
        }
        let (mut keys, mut dirs) = (HashSet::new(), HashSet::new());
        for op in &self.ops {
            let named = match op {
                Op::Put(..) | Op::Delete(_) => &mut keys,
                Op::DeleteTree(_) => &mut dirs,
            };
            if !named.insert(op.key().as_str()) {
                return Some(op.key());
            }
        }
        let removed = |key: &&Key| key.above().any(|dir| dirs.contains(dir));
        self.ops.iter().map(Op::key).find(removed)
    }
}

/// What a transaction did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The revision of its changes (the present one if nothing changed).
    pub revision: Revision,
    /// For each operation, how many keys it wrote or removed.
    pub counts: Vec<u64>,
}
