//! Views of a watch: the whole state, or only changes.

use std::collections::BTreeMap;

use futures_core::Stream;
use futures_util::{StreamExt, future};

use super::{Batch, DeleteCause, Event, WatchStream};
use crate::{Entry, Error, Key, Revision};

/// The whole state within the scope of a watch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The entries, in the order of their keys.
    pub entries: Vec<Entry>,
    /// As of this revision.
    pub revision: Revision,
}

/// The changes up to a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// The token to resume from, once all events are processed.
    pub revision: Revision,
    /// At least one.
    pub events: Vec<Event>,
}

impl WatchStream {
    /// The whole state: first the current one, then after every change. A resumed watch may start
    /// with changes; these are skipped until its first snapshot, since the state before them is
    /// not known.
    ///
    /// ```
    /// use carml_kv::{Error, Key, Kv, WatchStart};
    /// use futures_util::StreamExt as _;
    ///
    /// async fn print_servers(kv: &Kv) -> Result<(), Error> {
    ///     let servers: Key = "servers".parse()?;
    ///     let watch = kv.watch_tree(Some(servers), WatchStart::Now).await?;
    ///     let mut snapshots = watch.snapshots();
    ///     while let Some(snapshot) = snapshots.next().await {
    ///         let keys = snapshot?.entries.into_iter().map(|entry| entry.key.to_string());
    ///         println!("{}", keys.collect::<Vec<_>>().join(", "));
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub fn snapshots(self) -> impl Stream<Item = Result<Snapshot, Error>> + Send + Unpin {
        let mut known: Option<BTreeMap<Key, Entry>> = None;
        self.filter_map(move |batch| {
            future::ready(match batch {
                Ok(batch) => apply(&mut known, batch).map(Ok),
                Err(e) => Some(Err(e)),
            })
        })
    }

    /// Only changes. A snapshot is delivered as the changes it makes: a put per new or changed key,
    /// and a delete ([`DeleteCause::Unknown`]) per key that is not in it.
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

fn apply(known: &mut Option<BTreeMap<Key, Entry>>, batch: Batch) -> Option<Snapshot> {
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

/// The changes that a snapshot makes to the known state.
fn difference(known: &mut BTreeMap<Key, Revision>, entries: Vec<Entry>) -> Vec<Event> {
    let mut gone = std::mem::take(known);
    let mut events = Vec::new();
    for entry in entries {
        known.insert(entry.key.clone(), entry.revision);
        if gone.remove(&entry.key) != Some(entry.revision) {
            events.push(Event::Put(entry));
        }
    }
    let cause = DeleteCause::Unknown;
    events.extend(gone.into_keys().map(|key| Event::Delete { key, cause }));
    events
}
