//! Which changes a consumer has seen, and in which order it gets the others.
//!
//! ZooKeeper keeps no history: a watch reads the nodes that changed, each at its own moment, and more of
//! them change while it reads. Two rules make batches in the order of the revisions of that:
//!
//! - **Rounds.** A round reads every node that the news name. Let `seen` be the highest zxid in any
//!   answer of the rounds so far. Whichever change has a zxid up to `seen`, its notice was sent before
//!   that answer (see [`crate::hub`]), so its node is in the news of the next round at the latest, and
//!   is read after the change. So when the next round ends, every change up to `seen` is known.
//! - **Release.** What was read is held until then: a round releases, in the order of the zxids, what
//!   is not above the `seen` of the rounds before. If there are no news when a round ends, nothing is
//!   left to be read, and it releases everything.
//!
//! Under constant writes, a change is therefore held for one round, and never longer. Changes of a node
//! between two reads are one event. As every change is above all that was released before it, the
//! revisions of the batches rise, and whoever has got a batch has got all changes up to its revision.
//!
//! The servers do not tell when a node was removed. Its removal gets the zxid of the last change in the
//! list of children of the nearest node above it, which is not lower. It must be lower than that of the
//! node that may be made again under the same name; see [`super::view::read_again`].

use std::collections::{BTreeMap, HashMap};

use carml_kv::{Batch, DeleteCause, Entry, Event, Key, Revision};

use super::view::View;
use crate::nodes::revision;

/// A key as it was read.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) key: Key,
    /// `None`: it has no value.
    pub(super) entry: Option<Entry>,
    /// When it got this value, or not before which it was removed.
    pub(super) zxid: i64,
}

#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// The revision of each key that has been read, and whether it has a lease.
    known: HashMap<Key, (Revision, bool)>,
    /// Read, and not released yet.
    held: BTreeMap<i64, Vec<Event>>,
    /// The highest zxid that was read.
    seen: i64,
    /// Every change up to it is known.
    complete: i64,
    /// Of the last batch.
    last: Revision,
}

impl Ledger {
    /// Whether the consumer has got this state.
    pub(super) fn is_known(&self, view: &View) -> bool {
        let same = |(key, entry): (&Key, &Entry)| {
            let known = self.known.get(key);
            known.is_some_and(|(revision, _)| *revision == entry.revision)
        };
        let len = self.known.len();
        self.held.is_empty() && view.entries.len() == len && view.entries.iter().all(same)
    }

    /// Whether the store was replaced by an older one.
    pub(super) fn is_newer_than(&self, view: &View) -> bool {
        self.last > revision(view.seen())
    }

    /// The consumer gets this state next, or has got it already. The result is the revision that it is
    /// the state at, which is not below `floor`.
    pub(super) fn knows(&mut self, view: &View, floor: Revision) -> Revision {
        if self.is_newer_than(view) {
            *self = Ledger::default();
        }
        let entries = view.entries.iter();
        let entries = entries.map(|(key, e)| (key.clone(), (e.revision, e.lease.is_some())));
        self.known = entries.collect();
        self.held.clear();
        self.seen = self.seen.max(view.seen());
        self.last = view.revision().max(self.last).max(floor);
        self.last
    }

    /// A round begins.
    pub(super) fn begin(&mut self) {
        self.complete = self.seen;
    }

    /// A round has read a key.
    pub(super) fn read(&mut self, found: Found) {
        let Found { key, entry, zxid } = found;
        self.seen = self.seen.max(zxid);
        let event = match (entry, self.known.get(&key)) {
            (Some(entry), Some((revision, _))) if entry.revision == *revision => return,
            (Some(entry), _) => {
                let known = (entry.revision, entry.lease.is_some());
                self.known.insert(key, known);
                Event::Put(entry)
            }
            (None, None) => return,
            (None, Some((_, leased))) => {
                // ZooKeeper does not tell whether a session ended or a call removed the node.
                let cause = match leased {
                    true => DeleteCause::Unknown,
                    false => DeleteCause::Explicit,
                };
                self.known.remove(&key);
                Event::Delete { key, cause }
            }
        };
        self.held.entry(zxid).or_default().push(event);
    }

    /// A round ends; `quiet`: there are no news.
    pub(super) fn end(&mut self, quiet: bool) -> Vec<Batch> {
        let later = match quiet {
            true => BTreeMap::new(),
            false => self.held.split_off(&(self.complete + 1)),
        };
        let released = std::mem::replace(&mut self.held, later);
        let batches = released.into_iter().map(|(zxid, mut events)| {
            // They may have been read in different rounds.
            events.sort_by(|a, b| a.key().cmp(b.key()));
            let revision = revision(zxid);
            Batch::Events { revision, events }
        });
        let batches: Vec<Batch> = batches.collect();
        if let Some(Batch::Events { revision, .. }) = batches.last() {
            self.last = *revision;
        }
        batches
    }
}

#[cfg(test)]
mod tests;
