//! A writer, and clients that watch what it writes.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use carml_runtime::kv::{Batch, Event, Key, Kv, Revision, SnapshotReason, WatchStart, WatchStream};
use futures_util::StreamExt as _;
use rand::Rng as _;
use tokio::task::JoinHandle;

use super::{Run, report::Figures};
use crate::key;

/// After how many snapshots and events a watch is left and resumed. etcd sends the history about 100 ms
/// later, so after fewer, a watch would fall behind the writer.
const STRIDES: [usize; 3] = [20, 100, usize::MAX];
const LAST: &str = "w/last";

pub(super) struct Watches {
    writer: JoinHandle<Vec<(Key, Revision)>>,
    /// And what each does.
    watchers: Vec<(JoinHandle<Watched>, Arc<Mutex<String>>)>,
}

/// What a watcher has got.
#[derive(Default)]
struct Watched {
    state: BTreeMap<Key, Revision>,
    received: BTreeSet<(Key, Revision)>,
    /// Of the last snapshot: what is older need not come as an event.
    since: Revision,
    last: Revision,
}

pub(super) async fn start(run: &Arc<Run>) -> Watches {
    let mut watchers = Vec::new();
    for stride in STRIDES {
        let kv = run.client().await;
        let doing = Arc::default();
        let watcher = watcher(run.clone(), kv, stride, Arc::clone(&doing));
        watchers.push((tokio::spawn(watcher), doing));
    }
    let kv = run.client().await;
    let writer = tokio::spawn(writer(run.clone(), kv));
    Watches { writer, watchers }
}

impl Watches {
    pub(super) async fn finish(self, run: &Run) {
        let mut acknowledged = self.writer.await.unwrap();
        let kv = run.client().await;
        let last = kv.put(key(LAST), "v", None).await.unwrap();
        acknowledged.push((key(LAST), last));
        let page = kv.list(Some(key("w")), Default::default()).await.unwrap();
        let page = page.entries.into_iter().map(|e| (e.key, e.revision));
        let expected: BTreeMap<Key, Revision> = page.collect();
        for (watcher, doing) in self.watchers {
            let watched = tokio::time::timeout(Duration::from_secs(60), watcher).await;
            let Ok(watched) = watched else {
                Figures::add(&run.figures.events_lost);
                let doing = doing.lock().unwrap();
                say!(
                    run,
                    "a watch did not get the last change at {last:?}: {doing}"
                );
                continue;
            };
            let watched = watched.unwrap();
            if watched.state != expected {
                Figures::add(&run.figures.wrong_states);
                say!(run, "expected {expected:?}, found {:?}", watched.state);
            }
            let newer = |(_, revision): &&(Key, Revision)| *revision > watched.since;
            for change in acknowledged.iter().filter(newer) {
                if run.target.full_history && !watched.received.contains(change) {
                    Figures::add(&run.figures.events_lost);
                    say!(run, "lost: {change:?}");
                }
            }
        }
    }
}

async fn writer(run: Arc<Run>, kv: Kv) -> Vec<(Key, Revision)> {
    let mut acknowledged = Vec::new();
    let mut n: u64 = 0;
    while !run.is_over() {
        n += 1;
        let (name, removes) = {
            let mut random = rand::rng();
            (
                key(&format!("w/{}", random.random_range(0..4))),
                random.random_bool(0.2),
            )
        };
        if removes {
            let _ = run.call(kv.delete(name)).await;
        } else if let Ok(at) = run.call(kv.put(name.clone(), n.to_string(), None)).await {
            acknowledged.push((name, at));
        }
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
    acknowledged
}

async fn watcher(run: Arc<Run>, kv: Kv, stride: usize, doing: Arc<Mutex<String>>) -> Watched {
    let (mut watched, mut from) = (Watched::default(), WatchStart::Now);
    loop {
        let started = run.call(kv.watch_tree(Some(key("w")), from)).await;
        let mut watch = match started {
            Ok(watch) => watch,
            Err(e) => {
                *doing.lock().unwrap() = format!("{from:?}: {e}");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        *doing.lock().unwrap() = format!("every {stride}, from {from:?}");
        if watched.follow(&run, &mut watch, stride).await {
            return watched;
        }
        from = WatchStart::Revision(watched.last);
    }
}

impl Watched {
    /// Takes so many snapshots and events; `true`: the last change has come.
    async fn follow(&mut self, run: &Run, watch: &mut WatchStream, stride: usize) -> bool {
        let mut taken = 0;
        while taken < stride {
            // The watch outlasts every outage.
            let batch = watch.next().await.unwrap().unwrap();
            taken += usize::from(!matches!(batch, Batch::Progress { .. }));
            self.take(run, batch);
            if self.state.contains_key(&key(LAST)) {
                return true;
            }
        }
        false
    }

    fn take(&mut self, run: &Run, batch: Batch) {
        let before = self.last;
        match batch {
            Batch::Snapshot {
                entries,
                revision,
                reason,
            } => {
                Figures::add(&run.figures.snapshots);
                self.state = entries.into_iter().map(|e| (e.key, e.revision)).collect();
                (self.since, self.last) = (revision, revision);
                if revision < before && reason != SnapshotReason::IndexReset {
                    Figures::add(&run.figures.out_of_order);
                    say!(
                        run,
                        "a snapshot at {revision:?} after {before:?}: {reason:?}"
                    );
                }
            }
            Batch::Events { revision, events } => {
                self.last = revision;
                if revision <= before {
                    Figures::add(&run.figures.out_of_order);
                    say!(run, "events at {revision:?} after {before:?}");
                }
                for event in events {
                    Figures::add(&run.figures.events);
                    self.apply(run, event);
                }
            }
            Batch::Progress { revision } => self.last = self.last.max(revision),
            other => panic!("{other:?}"),
        }
    }

    fn apply(&mut self, run: &Run, event: Event) {
        match event {
            Event::Put(entry) => {
                self.state.insert(entry.key.clone(), entry.revision);
                if !self.received.insert((entry.key.clone(), entry.revision)) {
                    Figures::add(&run.figures.events_doubled);
                    say!(run, "twice: {} at {:?}", entry.key, entry.revision);
                }
            }
            Event::Delete { key, .. } => drop(self.state.remove(&key)),
        }
    }
}
