//! Watches for those who want the state, or only changes.
use std::collections::BTreeMap;

use futures_core::Stream;
use futures_util::{StreamExt, future};

use super::{Batch, Cause, Event, WatchStream};
use crate::{Entry, Error, Key, Revision};

/// The whole state that a watch sees.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The entries, in the order of their keys.
    pub entries: Vec<Entry>,
    /// As of this revision.
    pub revision: Revision,
}

/// What changed up to a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// The resume token, once all of the events are dealt with.
    pub revision: Revision,
    /// At least one.
    pub events: Vec<Event>,
}

impl WatchStream {
    /// The whole state, first as it is and then after every change. Changes that a resumed watch
    /// tells before its first snapshot are left out: the state that they change is not known.
    pub fn snapshots(self) -> impl Stream<Item = Result<Snapshot, Error>> + Send + Unpin {
        let mut known: Option<BTreeMap<Key, Entry>> = None;
        self.filter_map(move |batch| {
            future::ready(match batch {
                Ok(batch) => follow(&mut known, batch).map(Ok),
                Err(e) => Some(Err(e)),
            })
        })
    }

    /// Only changes. A snapshot comes as what it changes: at first a put for each key, later also
    /// a delete ([`Cause::Unknown`]) for each key that is not in it.
    pub fn events(self) -> impl Stream<Item = Result<Changes, Error>> + Send + Unpin {
        let mut known = BTreeMap::new();
        self.filter_map(move |batch| {
            future::ready(match batch {
                Ok(batch) => changes(&mut known, batch).map(Ok),
                Err(e) => Some(Err(e)),
            })
        })
    }
}

fn follow(known: &mut Option<BTreeMap<Key, Entry>>, batch: Batch) -> Option<Snapshot> {
    let revision = match batch {
        Batch::Snapshot {
            entries, revision, ..
        } => {
            let entries = entries.into_iter().map(|e| (e.key.clone(), e));
            *known = Some(entries.collect());
            revision
        }
        Batch::Events { revision, events } => {
            let known = known.as_mut()?;
            for event in events {
                match event {
                    Event::Put(entry) => drop(known.insert(entry.key.clone(), entry)),
                    Event::Delete { key, .. } => drop(known.remove(&key)),
                }
            }
            revision
        }
        Batch::Progress { .. } => return None,
    };
    Some(Snapshot {
        entries: known.as_ref()?.values().cloned().collect(),
        revision,
    })
}

fn changes(known: &mut BTreeMap<Key, Revision>, batch: Batch) -> Option<Changes> {
    let (revision, events) = match batch {
        Batch::Snapshot {
            entries, revision, ..
        } => (revision, difference(known, entries)),
        Batch::Events { revision, events } => {
            for event in &events {
                match event {
                    Event::Put(entry) => drop(known.insert(entry.key.clone(), entry.revision)),
                    Event::Delete { key, .. } => drop(known.remove(key)),
                }
            }
            (revision, events)
        }
        Batch::Progress { .. } => return None,
    };
    (!events.is_empty()).then_some(Changes { revision, events })
}

/// What a snapshot changes in what is known.
fn difference(known: &mut BTreeMap<Key, Revision>, entries: Vec<Entry>) -> Vec<Event> {
    let mut gone = std::mem::take(known);
    let mut events = Vec::new();
    for entry in entries {
        known.insert(entry.key.clone(), entry.revision);
        if gone.remove(&entry.key) != Some(entry.revision) {
            events.push(Event::Put(entry));
        }
    }
    let cause = Cause::Unknown;
    events.extend(gone.into_keys().map(|key| Event::Delete { key, cause }));
    events
}
