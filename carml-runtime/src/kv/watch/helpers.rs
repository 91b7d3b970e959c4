//! Watches for those who want the state, or only changes.
use std::collections::BTreeMap;

use futures_core::Stream;
use futures_util::{StreamExt, future, stream};

use super::{Batch, Cause, Event, WatchStream};
use crate::kv::{Entry, Error, Key, Revision};

/// The whole state that a watch sees.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The entries, in the order of their keys.
    pub entries: Vec<Entry>,
    /// As of this revision.
    pub revision: Revision,
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

    /// Only changes, each with its revision. A snapshot comes as what it changes: at first a put
    /// for each key, later also a delete ([`Cause::Unknown`]) for each key that is not in it.
    pub fn events(self) -> impl Stream<Item = Result<(Revision, Event), Error>> + Send + Unpin {
        let mut known = BTreeMap::new();
        self.flat_map(move |batch| {
            stream::iter(match batch {
                Ok(batch) => changes(&mut known, batch).into_iter().map(Ok).collect(),
                Err(e) => vec![Err(e)],
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

fn changes(known: &mut BTreeMap<Key, Revision>, batch: Batch) -> Vec<(Revision, Event)> {
    match batch {
        Batch::Snapshot {
            entries, revision, ..
        } => {
            let mut gone = std::mem::take(known);
            let mut news = Vec::new();
            for entry in entries {
                known.insert(entry.key.clone(), entry.revision);
                if gone.remove(&entry.key) != Some(entry.revision) {
                    news.push((entry.revision, Event::Put(entry)));
                }
            }
            let cause = Cause::Unknown;
            let deletes = gone.into_keys().map(|key| Event::Delete { key, cause });
            news.extend(deletes.map(|event| (revision, event)));
            news
        }
        Batch::Events { revision, events } => {
            for event in &events {
                match event {
                    Event::Put(entry) => drop(known.insert(entry.key.clone(), entry.revision)),
                    Event::Delete { key, .. } => drop(known.remove(key)),
                }
            }
            events.into_iter().map(|event| (revision, event)).collect()
        }
        Batch::Progress { .. } => Vec::new(),
    }
}
