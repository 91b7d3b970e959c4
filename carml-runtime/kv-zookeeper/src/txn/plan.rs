//! From a transaction to the operations of one multi request.
//!
//! Everything that the plan depends on is checked by the request itself, so it is executed in the state
//! that was read, or not at all. A node's version begins at 0 again when it is removed and made again;
//! the guards show that this did not happen.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use carml_kv::{
    Condition, Error, ErrorKind, Key, Op, Txn,
    client::{conflict, not_held},
};

use super::state::State;
use crate::{
    PROVIDER,
    namespace::{DIRECTORY, Namespace, parent},
    nodes::Node,
    session::LEASED_PARENT,
};

/// One operation of a multi request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The node exists, at this version or at any.
    Check(String, Option<i32>),
    Create {
        path: String,
        data: Bytes,
        ephemeral: bool,
    },
    Set(String, Bytes, Option<i32>),
    Delete(String, Option<i32>),
    /// The place of a required lock exists.
    Held {
        place: String,
        key: Key,
        token: u64,
    },
}

impl Step {
    /// About its part of the request, in bytes.
    pub(super) fn size(&self) -> usize {
        const REST: usize = 80;
        REST + match self {
            Step::Check(path, _) | Step::Delete(path, _) | Step::Held { place: path, .. } => {
                path.len()
            }
            Step::Create { path, data, .. } | Step::Set(path, data, _) => path.len() + data.len(),
        }
    }
}

/// What to send, and what it will have done.
#[derive(Debug)]
pub(super) struct Plan {
    /// Empty: there is nothing to do.
    pub(super) steps: Vec<Step>,
    /// Whether it changes anything.
    pub(super) changes: bool,
    pub(super) counts: Vec<u64>,
}

/// What becomes of a node.
enum Wanted {
    Value { data: Bytes, owner: Option<i64> },
    Absent,
}

struct Planner<'a> {
    namespace: &'a Namespace,
    state: &'a State,
    wanted: BTreeMap<String, Wanted>,
    /// How many children each node will have.
    children: BTreeMap<String, i32>,
    /// Nodes that are there to be unchanged.
    relied_on: BTreeSet<String>,
    counts: Vec<u64>,
}

/// Plans a transaction; its leased keys will belong to the session `owner`.
///
/// # Errors
///
/// `Conflict` or `LockLost` if a condition is not met.
pub(super) fn plan(
    op: &'static str,
    namespace: &Namespace,
    txn: &Txn,
    state: &State,
    owner: Option<i64>,
) -> Result<Plan, Error> {
    let mut planner = Planner {
        namespace,
        state,
        wanted: BTreeMap::new(),
        children: state
            .nodes
            .iter()
            .filter_map(|(path, node)| Some((path.clone(), node.as_ref()?.stat.num_children)))
            .collect(),
        relied_on: BTreeSet::new(),
        counts: Vec::new(),
    };
    let held = planner.conditions(op, txn)?;
    planner.operations(txn, owner);
    planner.steps(op, held)
}

impl Planner<'_> {
    fn conditions(&mut self, op: &'static str, txn: &Txn) -> Result<Vec<Step>, Error> {
        let mut held = Vec::new();
        for condition in &txn.conditions {
            match condition {
                Condition::Revision(key, expected) => {
                    let path = self.namespace.native(key);
                    let node = self.state.node(&path).filter(|node| node.has_value());
                    let found = node.map(Node::revision);
                    if found != *expected {
                        return Err(conflict(PROVIDER, op, key, *expected, found));
                    }
                    self.relied_on.insert(path);
                }
                Condition::Held(key, token) => {
                    let place = self.state.places.get(&(key.to_string(), *token));
                    held.push(Step::Held {
                        place: place
                            .ok_or_else(|| not_held(PROVIDER, op, key, *token))?
                            .clone(),
                        key: key.clone(),
                        token: *token,
                    });
                }
            }
        }
        Ok(held)
    }

    fn operations(&mut self, txn: &Txn, owner: Option<i64>) {
        for op in &txn.ops {
            match op {
                Op::Put(key, data, lease) => {
                    self.counts.push(1);
                    let (data, owner) = (data.clone(), lease.and(owner));
                    let wanted = Wanted::Value { data, owner };
                    self.wanted.insert(self.namespace.native(key), wanted);
                }
                Op::Delete(key) => {
                    let path = self.namespace.native(key);
                    let there = self.state.node(&path).is_some_and(Node::has_value);
                    self.counts.push(there.into());
                    match there {
                        true => {
                            self.wanted.insert(path, Wanted::Absent);
                        }
                        false => {
                            self.relied_on.insert(path);
                        }
                    }
                }
                Op::DeleteTree(dir) => {
                    let below = format!("{}/", self.namespace.native(dir));
                    let nodes = self.state.nodes.iter();
                    let nodes = nodes.filter(|(path, _)| path.starts_with(&below));
                    let mut count = 0;
                    for (path, node) in
                        nodes.filter_map(|(path, node)| Some((path, node.as_ref()?)))
                    {
                        count += u64::from(node.has_value());
                        self.wanted.insert(path.clone(), Wanted::Absent);
                    }
                    self.counts.push(count);
                }
            }
        }
    }

    fn steps(mut self, op: &'static str, held: Vec<Step>) -> Result<Plan, Error> {
        let (mut deletes, mut creates, mut sets) = (Vec::new(), Vec::new(), Vec::new());
        let mut removed = BTreeSet::new();
        self.create_missing(&mut creates);
        // The deepest first.
        let absent = self
            .wanted
            .iter()
            .rev()
            .filter(|(_, w)| matches!(w, Wanted::Absent));
        for path in absent.map(|(path, _)| path.clone()).collect::<Vec<_>>() {
            self.remove(&path, &mut removed, &mut deletes, &mut sets);
        }
        for (path, wanted) in &self.wanted {
            let (Wanted::Value { data, owner }, Some(node)) = (wanted, self.state.node(path))
            else {
                continue;
            };
            let version = Some(node.stat.version);
            if node.owner() == *owner {
                sets.push(Step::Set(path.clone(), data.clone(), version));
                continue;
            }
            if owner.is_some() && self.children.get(path).is_some_and(|count| *count > 0) {
                return Err(leased_parent(op, self.namespace, path));
            }
            deletes.push(Step::Delete(path.clone(), version));
            removed.insert(path.clone());
            creates.push(Step::Create {
                path: path.clone(),
                data: data.clone(),
                ephemeral: owner.is_some(),
            });
        }
        // A parent is before its children.
        creates.sort_by(|a, b| path_of(a).cmp(path_of(b)));
        let changes = !(deletes.is_empty() && creates.is_empty() && sets.is_empty());
        let mut steps = Vec::new();
        if changes {
            steps.push(Step::Set(self.namespace.clock(), Bytes::new(), None));
        }
        if changes || !held.is_empty() || self.relied_on.len() > 1 {
            steps.extend(held);
            self.checks(&removed, &deletes, &creates, &sets, &mut steps);
        }
        steps.extend(deletes.into_iter().chain(creates).chain(sets));
        Ok(Plan {
            steps,
            changes,
            counts: self.counts,
        })
    }

    /// Makes the values that have no node, and the nodes above them.
    fn create_missing(&mut self, creates: &mut Vec<Step>) {
        let mut made = BTreeSet::new();
        for (path, wanted) in &self.wanted {
            let Wanted::Value { data, owner } = wanted else {
                continue;
            };
            if self.state.node(path).is_some() {
                continue;
            }
            for one in self.namespace.with_ancestors(path) {
                if self.state.node(one).is_some() {
                    break;
                }
                // A directory that gets a value in the same transaction is made with it.
                let value = one == path;
                let later = !value && matches!(self.wanted.get(one), Some(Wanted::Value { .. }));
                if later || !made.insert(one.to_owned()) {
                    break;
                }
                creates.push(Step::Create {
                    path: one.to_owned(),
                    data: if value {
                        data.clone()
                    } else {
                        DIRECTORY.into()
                    },
                    ephemeral: value && owner.is_some(),
                });
                if let Some(parent) = parent(one) {
                    *self.children.entry(parent.to_owned()).or_default() += 1;
                }
            }
        }
    }

    /// Removes a node and the directories that it leaves empty. With children, it stays as a directory.
    fn remove(
        &mut self,
        path: &str,
        removed: &mut BTreeSet<String>,
        deletes: &mut Vec<Step>,
        sets: &mut Vec<Step>,
    ) {
        let Some(node) = self.state.node(path) else {
            return;
        };
        let version = Some(node.stat.version);
        if self.children.get(path).is_some_and(|count| *count > 0) {
            if node.has_value() {
                sets.push(Step::Set(path.to_owned(), DIRECTORY.into(), version));
            }
            return;
        }
        if !removed.insert(path.to_owned()) {
            return;
        }
        deletes.push(Step::Delete(path.to_owned(), version));
        let Some(parent) = parent(path).filter(|parent| *parent != self.namespace.root()) else {
            return;
        };
        if let Some(count) = self.children.get_mut(parent) {
            *count -= 1;
        }
        let empty = self.children.get(parent) == Some(&0) && !self.wanted.contains_key(parent);
        if empty
            && self
                .state
                .node(parent)
                .is_some_and(|node| !node.has_value())
        {
            let parent = parent.to_owned();
            self.remove(&parent, removed, deletes, sets);
        }
    }

    /// Checks what was read, as far as the changes themselves do not.
    fn checks(
        &self,
        removed: &BTreeSet<String>,
        deletes: &[Step],
        creates: &[Step],
        sets: &[Step],
        steps: &mut Vec<Step>,
    ) {
        let changed: BTreeSet<&str> = [deletes, creates, sets]
            .into_iter()
            .flatten()
            .map(path_of)
            .collect();
        for path in self
            .relied_on
            .iter()
            .filter(|path| !changed.contains(path.as_str()))
        {
            match self.state.node(path) {
                Some(node) => steps.push(Step::Check(path.clone(), Some(node.stat.version))),
                None => self.check_missing(path, steps),
            }
        }
        let relied: BTreeSet<&str> = self
            .relied_on
            .iter()
            .map(String::as_str)
            .chain(changed)
            .filter(|path| self.state.node(path).is_some())
            .collect();
        let guarded: BTreeSet<u8> = relied
            .iter()
            .map(|path| self.namespace.shard(path))
            .collect();
        let bumped: BTreeSet<u8> = removed
            .iter()
            .map(|path| self.namespace.shard(path))
            .collect();
        for shard in guarded.union(&bumped) {
            let (guard, version) = (
                self.namespace.guard(*shard),
                self.state.guards.get(shard).copied(),
            );
            steps.push(match bumped.contains(shard) {
                true => Step::Set(guard, Bytes::new(), version),
                false => Step::Check(guard, version),
            });
        }
        let owners = relied
            .iter()
            .filter_map(|path| self.state.node(path)?.owner());
        for owner in owners.collect::<BTreeSet<i64>>() {
            // Other programs' ephemeral nodes have none.
            if self.state.leases.contains(&owner) {
                steps.push(Step::Check(self.namespace.lease(owner), None));
            }
        }
    }

    /// ZooKeeper has no check that a node is missing: the highest missing one is made and removed.
    fn check_missing(&self, path: &str, steps: &mut Vec<Step>) {
        let missing = self.namespace.with_ancestors(path);
        let highest = missing
            .take_while(|one| self.state.node(one).is_none())
            .last();
        if let Some(highest) = highest {
            steps.push(Step::Create {
                path: highest.to_owned(),
                data: DIRECTORY.into(),
                ephemeral: false,
            });
            steps.push(Step::Delete(highest.to_owned(), None));
        }
    }
}

fn path_of(step: &Step) -> &str {
    match step {
        Step::Check(path, _)
        | Step::Create { path, .. }
        | Step::Set(path, ..)
        | Step::Delete(path, _)
        | Step::Held { place: path, .. } => path,
    }
}

fn leased_parent(op: &'static str, namespace: &Namespace, path: &str) -> Error {
    let error = Error::new(ErrorKind::InvalidArgument, op, LEASED_PARENT).with_backend(PROVIDER);
    match namespace.key(path) {
        Some(key) => error.with_key(key.as_str()),
        None => error,
    }
}

#[cfg(test)]
mod tests;
