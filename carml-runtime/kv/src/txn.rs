//! Transactions.

use std::collections::HashSet;

use bytes::Bytes;

use crate::{Guard, Key, LeaseId, Revision};

/// A condition of a transaction.
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

/// Several changes as one: all are applied, at one revision, or none.
///
/// ```
/// use carml_kv::{Error, ErrorKind, Kv, Revision, Txn};
///
/// /// Renames a key, unless somebody else changed it meanwhile.
/// async fn rename(kv: &Kv, old: &str, new: &str) -> Result<bool, Error> {
///     let Some(entry) = kv.get(&old.parse()?).await? else {
///         return Ok(false);
///     };
///     let txn = Txn::new()
///         .expect(entry.key.clone(), Some(entry.revision))
///         .delete(entry.key)
///         .put(new.parse()?, entry.value);
///     match kv.commit(txn).await {
///         Ok(_) => Ok(true),
///         Err(error) if error.kind == ErrorKind::Conflict => Ok(false),
///         Err(error) => Err(error),
///     }
/// }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Txn {
    /// The conditions, checked first.
    pub conditions: Vec<Condition>,
    /// The changes. A key may appear once, and not at all under a directory that is removed.
    pub ops: Vec<Op>,
}

impl Txn {
    /// An empty transaction.
    pub fn new() -> Self {
        Txn::default()
    }
    /// Requires that the guard's lock is held: fences the writes.
    #[must_use]
    pub fn require(mut self, guard: &Guard) -> Self {
        self.conditions
            .push(Condition::Held(guard.key().clone(), guard.token()));
        self
    }
    /// Requires that the key has this revision (`None`: does not exist).
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
    /// Writes a value that the end of a lease removes.
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
    /// A key that two operations change, if any.
    pub(crate) fn duplicate_key(&self) -> Option<&Key> {
        if self.ops.len() < 2 {
            return None;
        }
        let (mut single, mut dirs) = (HashSet::new(), HashSet::new());
        for op in &self.ops {
            let keys = match op {
                Op::Put(..) | Op::Delete(_) => &mut single,
                Op::DeleteTree(_) => &mut dirs,
            };
            if !keys.insert(op.key().as_str()) {
                return Some(op.key());
            }
        }
        let removed = |key: &&Key| key.ancestors().any(|dir| dirs.contains(dir));
        self.ops.iter().map(Op::key).find(removed)
    }
}

/// The result of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The revision of its changes (the current one if nothing changed).
    pub revision: Revision,
    /// For each change, the number of keys written or removed.
    pub counts: Vec<u64>,
}
