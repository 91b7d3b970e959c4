//! From the contract's transactions to Consul's.

use std::collections::{HashMap, HashSet};

use carml_kv::{
    Condition, Error, ErrorKind, Key, LeaseId, Op, Present, Revision, Txn,
    client::{Call, Queue, conflict},
};

use super::ops::{Denied, Ops};
use crate::{PROVIDER, namespace::Namespace, pair::Pair};

/// What an operation is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    /// Of the condition with this number.
    Condition(usize),
    /// Finds out whether the key of the delete with this number exists.
    Existence(usize),
    /// Of the change with this number.
    Change(usize),
    Marker,
}

/// How a held lock is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holding {
    Lock,
    /// With its present index.
    Election(u64),
}

/// What an attempt assumes.
pub(super) struct Guesses {
    /// For each change: whether a delete finds its key.
    exists: Vec<bool>,
    held: Vec<Holding>,
}

/// What a refusal says.
pub(super) enum Learned {
    /// Another attempt may succeed.
    More,
    /// No key of the deletes existed: there is nothing to do.
    Nothing,
    /// The lock of this condition is not held, but an election may be; or its leader has changed
    /// its value.
    NotALock(usize),
    LeaseLost(LeaseId),
}

impl Guesses {
    pub(super) fn new(txn: &Txn) -> Guesses {
        Guesses {
            exists: vec![true; txn.ops.len()],
            held: vec![Holding::Lock; txn.conditions.len()],
        }
    }

    /// The condition is met by an election whose key has this index.
    pub(super) fn elected(&mut self, condition: usize, index: u64) {
        self.held[condition] = Holding::Election(index);
    }

    pub(super) fn learn(
        &mut self,
        call: &Call<'_>,
        txn: &Txn,
        plan: &Plan,
        denied: &[Denied],
    ) -> Result<Learned, Error> {
        let mut learned = Learned::More;
        let mut missing = 0;
        let purpose = |denied: &Denied| plan.purposes.get(denied.op).copied();
        // Conditions first: if one is not met, the rest does not matter.
        for one in denied {
            let Some(Purpose::Condition(number)) = purpose(one) else {
                continue;
            };
            match &txn.conditions[number] {
                Condition::Revision(key, expected) => {
                    let found = found(*expected, &one.why);
                    return Err(conflict(PROVIDER, call.op(), key, *expected, found));
                }
                Condition::Held(..) => learned = Learned::NotALock(number),
            }
        }
        for one in denied {
            match purpose(one) {
                Some(Purpose::Condition(_)) => {}
                Some(Purpose::Existence(number)) => {
                    self.exists[number] = !self.exists[number];
                    missing += 1;
                }
                Some(Purpose::Change(number)) if one.why.contains("invalid session") => {
                    if let Op::Put(_, _, Some(lease)) = txn.ops[number] {
                        return Ok(Learned::LeaseLost(lease));
                    }
                }
                _ => {
                    let why = format!("Consul refused the transaction: {}", one.why);
                    let error = Error::new(ErrorKind::InvalidArgument, call.op(), why);
                    return Err(call.about(error.with_backend(PROVIDER)));
                }
            }
        }
        let all_missing = missing == txn.ops.len() && self.exists.iter().all(|exists| !exists);
        Ok(match all_missing && txn.conditions.is_empty() {
            true => Learned::Nothing,
            false => learned,
        })
    }
}

/// What a failed check found.
fn found(expected: Option<Revision>, why: &str) -> Present {
    let index = why.split_once("current modify index ");
    let index = index.and_then(|(_, rest)| rest.split(' ').next()?.parse().ok());
    match (index, expected) {
        (Some(index), _) => Present::At(Revision(index)),
        (None, Some(_)) => Present::Missing,
        (None, None) => Present::Exists,
    }
}

/// One attempt.
pub(super) struct Plan {
    pub(super) ops: Ops,
    purposes: Vec<Purpose>,
    /// Whether anything is written or removed.
    pub(super) changes: bool,
    counted: Vec<Counted>,
    /// What is written: all of it has the revision of the transaction.
    written: HashSet<String>,
}

/// How many keys a change writes or removes.
enum Counted {
    One,
    None,
    /// Those with this prefix that were found.
    Below(String),
}

impl Plan {
    fn mark(&mut self, purpose: Purpose) {
        self.purposes.resize(self.ops.len(), purpose);
    }

    pub(super) fn revision(&self, pairs: &[Pair]) -> Option<u64> {
        let written = pairs
            .iter()
            .rev()
            .find(|pair| self.written.contains(&pair.key));
        written.map(|pair| pair.modified)
    }

    pub(super) fn counts(&self, pairs: &[Pair]) -> Vec<u64> {
        let found: HashSet<&str> = pairs.iter().map(|pair| pair.key.as_str()).collect();
        let count = |counted: &Counted| match counted {
            Counted::One => 1,
            Counted::None => 0,
            Counted::Below(prefix) => {
                found.iter().filter(|key| key.starts_with(prefix)).count() as u64
            }
        };
        self.counted.iter().map(count).collect()
    }
}

pub(super) fn plan(
    namespace: &Namespace,
    txn: &Txn,
    sessions: &HashMap<LeaseId, String>,
    guesses: &Guesses,
    wants_revision: bool,
) -> Plan {
    let mut plan = Plan {
        ops: Ops::default(),
        purposes: Vec::new(),
        changes: false,
        counted: Vec::new(),
        written: HashSet::new(),
    };
    // What the conditions say of the keys that are changed.
    let mut known = HashMap::<&Key, bool>::new();
    for (number, condition) in txn.conditions.iter().enumerate() {
        match condition {
            Condition::Revision(key, None) => {
                plan.ops.check_absent(&namespace.native(key));
                known.insert(key, false);
            }
            Condition::Revision(key, Some(revision)) => {
                plan.ops.check_index(&namespace.native(key), revision.0);
                known.insert(key, true);
            }
            Condition::Held(key, token) => match guesses.held[number] {
                Holding::Lock => plan
                    .ops
                    .check_index(&namespace.place(Queue::Lock, key), *token),
                Holding::Election(index) => {
                    plan.ops
                        .check_index(&namespace.place(Queue::Election, key), index);
                }
            },
        }
        plan.mark(Purpose::Condition(number));
    }
    for (number, change) in txn.ops.iter().enumerate() {
        let counted = match change {
            Op::Put(key, value, lease) => {
                let native = namespace.native(key);
                if known.get(key) != Some(&false) {
                    plan.ops.delete(&native);
                }
                let session = lease.and_then(|lease| sessions.get(&lease));
                plan.ops.put(&native, value, session.map(String::as_str));
                plan.written.insert(native);
                Counted::One
            }
            Op::Delete(key) => {
                let native = namespace.native(key);
                let exists = known.get(key).copied();
                match (exists, guesses.exists[number]) {
                    (Some(_), _) => {}
                    (None, true) => plan.ops.get(&native),
                    (None, false) => plan.ops.check_absent(&native),
                }
                plan.mark(Purpose::Existence(number));
                match exists.unwrap_or(guesses.exists[number]) {
                    true => {
                        plan.ops.delete(&native);
                        Counted::One
                    }
                    false => Counted::None,
                }
            }
            Op::DeleteTree(dir) => {
                let prefix = namespace.below(dir);
                plan.ops.get_tree(&prefix);
                plan.ops.delete_tree(&prefix);
                Counted::Below(prefix)
            }
        };
        plan.changes |= !matches!(counted, Counted::None);
        plan.counted.push(counted);
        plan.mark(Purpose::Change(number));
    }
    if plan.changes && wants_revision && plan.written.is_empty() {
        let marker = namespace.marker();
        plan.ops.delete(&marker);
        plan.ops.put(&marker, b"", None);
        plan.mark(Purpose::Marker);
        plan.written.insert(marker);
    }
    plan
}
