//! Many at once: what each one sees adds up.
use std::collections::BTreeMap;

use carml_runtime::kv::{Batch, ErrorKind, Event, Key, Kv, Revision, Txn, WatchStart};
use futures_util::future::join_all;

use crate::{
    Fixture,
    support::{fresh, key, needs, next},
};

const WRITERS: u64 = 4;

/// Writes, and the revisions that were acknowledged.
async fn write(kv: Kv, writer: u64, writes: u64) -> Vec<Revision> {
    let mut made = Vec::new();
    for n in 0..writes {
        let name = key(&format!("d/{writer}/{}", n % 3));
        made.push(kv.put(name, n.to_string(), None).await.unwrap());
        tokio::task::yield_now().await;
    }
    made
}

/// Follows until the key `d/end` is written, and leaves and resumes on the way, each follower at
/// other points: the revision it began at, and those it received after that.
async fn follow(kv: Kv, stride: usize) -> (Revision, Vec<Revision>) {
    let (mut from, mut began, mut received) = (WatchStart::Now, None, Vec::new());
    loop {
        let mut watch = kv.watch_tree(Some(key("d")), from).await.unwrap();
        for _ in 0..stride {
            let revision = match next(&mut watch).await {
                Batch::Snapshot { revision, .. } => {
                    assert!(began.is_none(), "its history is not gone");
                    began = Some(revision);
                    revision
                }
                Batch::Events { revision, events } => {
                    received.push(revision);
                    if events.iter().any(|e| e.key() == &key("d/end")) {
                        return (began.unwrap(), received);
                    }
                    revision
                }
                Batch::Progress { revision } => revision,
                other => panic!("{other:?}"),
            };
            from = WatchStart::Revision(revision);
        }
    }
}

/// As [`follow`], where changes in quick succession are one batch: the state at the end.
async fn follow_states(kv: Kv, stride: usize) -> BTreeMap<Key, Revision> {
    let (mut from, mut state, mut last) = (WatchStart::Now, BTreeMap::new(), Revision(0));
    loop {
        let mut watch = kv.watch_tree(Some(key("d")), from).await.unwrap();
        for _ in 0..stride {
            let revision = match next(&mut watch).await {
                Batch::Snapshot {
                    revision, entries, ..
                } => {
                    let entries = entries.into_iter().map(|e| (e.key, e.revision));
                    state = entries.collect();
                    revision
                }
                Batch::Events { revision, events } => {
                    assert!(revision > last, "a batch came twice");
                    for event in events {
                        match event {
                            Event::Put(entry) => {
                                let before = state.insert(entry.key, entry.revision);
                                assert!(before < Some(entry.revision), "a change came twice");
                            }
                            Event::Delete { key, .. } => drop(state.remove(&key)),
                        }
                    }
                    revision
                }
                Batch::Progress { revision } => revision,
                other => panic!("{other:?}"),
            };
            if state.contains_key(&key("d/end")) {
                return state;
            }
            (from, last) = (WatchStart::Revision(revision), revision);
        }
    }
}

async fn every_follower_has_the_last_state<F: Fixture>(kv: &Kv) {
    let mut tasks = Vec::new();
    let mut writers = Vec::new();
    for i in 0..WRITERS {
        for stride in [1, 7, 1000] {
            tasks.push(tokio::spawn(follow_states(kv.clone(), stride)));
        }
        writers.push(tokio::spawn(write(kv.clone(), i, F::WRITES)));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    kv.put(key("d/end"), "", None).await.unwrap();
    let page = kv.list(Some(key("d")), Default::default()).await.unwrap();
    let entries = page.entries.into_iter().map(|e| (e.key, e.revision));
    let expected: BTreeMap<Key, Revision> = entries.collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), expected);
    }
}

pub async fn no_event_is_lost_or_delivered_twice<F: Fixture>() {
    let (_fixture, kv) = fresh::<F>().await;
    needs!(F, kv, WatchTree);
    if !F::FULL_HISTORY {
        return every_follower_has_the_last_state::<F>(&kv).await;
    }
    let mut followers = Vec::new();
    let mut writers = Vec::new();
    for i in 0..WRITERS {
        for stride in [1, 7, 1000] {
            followers.push(tokio::spawn(follow(kv.clone(), stride)));
        }
        writers.push(tokio::spawn(write(kv.clone(), i, F::WRITES)));
    }
    let made = join_all(writers).await.into_iter().map(Result::unwrap);
    let mut made: Vec<Revision> = made.flatten().collect();
    // Followers that have not begun yet must see an end too.
    while followers.iter().any(|f| !f.is_finished()) {
        made.push(kv.put(key("d/end"), "", None).await.unwrap());
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    made.sort();
    assert!(made.is_sorted_by(|a, b| a < b), "a revision came twice");
    for follower in followers {
        let (began, received) = follower.await.unwrap();
        let last = *received.last().unwrap();
        let all = made.iter().filter(|r| **r > began && **r <= last);
        assert_eq!(received, all.copied().collect::<Vec<_>>());
    }
}

async fn number(kv: &Kv) -> u64 {
    let now = kv.get(&key("n")).await.unwrap();
    now.map_or(0, |e| {
        std::str::from_utf8(&e.value).unwrap().parse().unwrap()
    })
}

/// Every other holder writes too late, as if it had been paused.
async fn count(kv: Kv, holder: u64) -> u64 {
    let mut counted = 0;
    for n in 0..20 {
        let guard = kv.acquire(key("l")).await.unwrap();
        let next = number(&kv).await + 1;
        let write = Txn::new().require(&guard).put(key("n"), next.to_string());
        if (n + holder).is_multiple_of(2) {
            guard.release();
            let late = kv.commit(write).await.unwrap_err();
            assert_eq!(late.kind, ErrorKind::LockLost, "{late}");
        } else {
            kv.commit(write).await.unwrap();
            counted += 1;
        }
    }
    counted
}

pub async fn no_late_write_is_applied<F: Fixture>() {
    let (_fixture, kv) = fresh::<F>().await;
    needs!(F, kv, Lock, Transaction);
    let holders = (0..6).map(|holder| tokio::spawn(count(kv.clone(), holder)));
    let holders: Vec<_> = holders.collect();
    let counted = join_all(holders).await.into_iter().map(Result::unwrap);
    assert_eq!(counted.sum::<u64>(), number(&kv).await);
}
