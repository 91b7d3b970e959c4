//! Watches.
use std::{collections::BTreeMap, time::Duration};

use carml_runtime::kv::{
    Batch, DeleteCause, Event, Key, Kv, Revision, SnapshotReason, WatchStart, WatchStatus,
    WatchStream,
};
use futures_util::{StreamExt, future::try_join_all};

use crate::{
    Fixture,
    support::{ended, everything, fresh, key, needs, next, reopen, watch_all},
};

fn deleted(name: &str) -> Event {
    Event::Delete {
        key: key(name),
        cause: DeleteCause::Explicit,
    }
}

async fn events(watch: &mut WatchStream) -> (Revision, Vec<Event>) {
    match next(watch).await {
        Batch::Events { revision, events } => (revision, events),
        other => panic!("expected events, not {other:?}"),
    }
}

async fn put(kv: &Kv, name: &str) -> Revision {
    kv.put(key(name), name.to_owned(), None).await.unwrap()
}

pub async fn a_missing_key_is_watched<F: Fixture>() {
    let (_fixture, kv) = fresh::<F>().await;
    needs!(F, kv, Watch);
    put(&kv, "k/below").await;
    let mut watch = kv.watch(key("k"), WatchStart::Now).await.unwrap();
    let first = next(&mut watch).await;
    assert!(
        matches!(&first, Batch::Snapshot { entries, reason: SnapshotReason::Started, .. } if entries.is_empty()),
        "{first:?}"
    );
    let made = put(&kv, "k").await;
    let entry = kv.get(&key("k")).await.unwrap().unwrap();
    assert_eq!(events(&mut watch).await, (made, vec![Event::Put(entry)]));
    kv.delete(key("k")).await.unwrap();
    assert_eq!(events(&mut watch).await.1, [deleted("k")]);
    // Deleting a missing key is not a change.
    kv.delete(key("k")).await.unwrap();
    let again = put(&kv, "k").await;
    assert_eq!(events(&mut watch).await.0, again);
}

pub async fn a_watch_of_a_key_or_a_tree_sees_its_keys<F: Fixture>() {
    let (_fixture, kv) = fresh::<F>().await;
    needs!(F, kv, Watch, WatchTree);
    for name in ["d", "d/a", "d/b/c", "dd/a"] {
        put(&kv, name).await;
    }
    let mut tree = kv
        .watch_tree(Some(key("d")), WatchStart::Now)
        .await
        .unwrap();
    let mut one = kv.watch(key("d"), WatchStart::Now).await.unwrap();
    let names = |batch: Batch| match batch {
        Batch::Snapshot { entries, .. } => entries
            .iter()
            .map(|e| e.key.to_string())
            .collect::<Vec<_>>(),
        other => panic!("expected a snapshot, not {other:?}"),
    };
    assert_eq!(names(next(&mut tree).await), ["d/a", "d/b/c"]);
    assert_eq!(names(next(&mut one).await), ["d"]);
    for name in ["dd/a", "d0", "d", "d/b/c/e"] {
        put(&kv, name).await;
    }
    assert_eq!(events(&mut tree).await.1[0].key(), &key("d/b/c/e"));
    assert_eq!(events(&mut one).await.1[0].key(), &key("d"));
    assert_eq!(kv.delete_tree(key("d")).await.unwrap(), 3);
    let gone = events(&mut tree).await.1;
    assert_eq!(gone, [deleted("d/a"), deleted("d/b/c"), deleted("d/b/c/e")]);
}

/// What a watch without a history sends of the past.
async fn snapshot_of_the_past(watch: &mut WatchStream) -> Vec<Key> {
    match next(watch).await {
        Batch::Snapshot {
            entries,
            reason: SnapshotReason::Compacted,
            ..
        } => entries.into_iter().map(|entry| entry.key).collect(),
        other => panic!("expected a snapshot, not {other:?}"),
    }
}

pub async fn a_resumed_watch_misses_nothing<F: Fixture>() {
    let (_fixture, kv) = fresh::<F>().await;
    needs!(F, kv, Watch, WatchTree);
    if !F::FULL_HISTORY {
        return a_resumed_watch_has_the_present_state(&kv).await;
    }
    let mut made = Vec::new();
    for i in 0..1500 {
        made.push(kv.put(key(&format!("d/{}", i % 7)), i.to_string(), None));
    }
    let mut made = try_join_all(made).await.unwrap();
    made.sort();
    for from in [0, 1, 700, made.len() - 1] {
        let mut watch = kv
            .watch_tree(Some(key("d")), WatchStart::Revision(made[from]))
            .await
            .unwrap();
        // A change made in the meantime follows the history.
        made.push(put(&kv, "d/more").await);
        let (mut received, mut caught_up) = (Vec::new(), false);
        while received.len() < made.len() - from - 1 {
            match next(&mut watch).await {
                Batch::Events { revision, events } => {
                    assert_eq!(events.len(), 1);
                    received.push(revision);
                }
                Batch::Progress { .. } => caught_up = true,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(received, made[from + 1..]);
        assert!(caught_up, "the end of the history is reported");
    }
    // From the current revision: a progress, and no changes.
    let last = *made.last().unwrap();
    let mut watch = kv
        .watch(key("none"), WatchStart::Revision(last))
        .await
        .unwrap();
    let first = next(&mut watch).await;
    assert!(
        matches!(first, Batch::Progress { revision } if revision >= last),
        "{first:?}"
    );
}

async fn a_resumed_watch_has_the_present_state(kv: &Kv) {
    let before = put(kv, "d/a").await;
    let seen = put(kv, "d/b").await;
    kv.delete(key("d/a")).await.unwrap();
    let last = put(kv, "d/c").await;
    for from in [before, seen] {
        let dir = Some(key("d"));
        let mut watch = kv
            .watch_tree(dir, WatchStart::Revision(from))
            .await
            .unwrap();
        assert_eq!(
            snapshot_of_the_past(&mut watch).await,
            [key("d/b"), key("d/c")]
        );
        let next = put(kv, "d/b").await;
        assert_eq!(events(&mut watch).await.0, next);
    }
    let removed = WatchStart::Revision(before);
    let mut watch = kv.watch(key("d/a"), removed).await.unwrap();
    assert_eq!(snapshot_of_the_past(&mut watch).await, []);
    // A key that has not changed since.
    let mut watch = kv
        .watch(key("d/c"), WatchStart::Revision(last))
        .await
        .unwrap();
    let first = next(&mut watch).await;
    assert!(matches!(first, Batch::Progress { .. }), "{first:?}");
    // Nothing has changed since.
    let last = put(kv, "d/b").await;
    for name in ["d/a", "d/b"] {
        let mut watch = kv
            .watch(key(name), WatchStart::Revision(last))
            .await
            .unwrap();
        let first = next(&mut watch).await;
        assert!(
            matches!(first, Batch::Progress { revision } if revision >= last),
            "{first:?}"
        );
        kv.delete(key("none")).await.unwrap();
    }
}

pub async fn a_watch_resumes_after_a_restart<F: Fixture>() {
    let (fixture, kv) = fresh::<F>().await;
    needs!(F, kv, Watch, Close);
    if !F::PERSISTENT {
        return;
    }
    let mut watch = kv.watch(key("k"), WatchStart::Now).await.unwrap();
    next(&mut watch).await;
    put(&kv, "k").await;
    let (seen, _) = events(&mut watch).await;
    kv.delete(key("k")).await.unwrap();
    let kv = reopen(&fixture, kv).await;
    let again = put(&kv, "k").await;
    let mut watch = kv
        .watch(key("k"), WatchStart::Revision(seen))
        .await
        .unwrap();
    if !F::FULL_HISTORY {
        assert_eq!(snapshot_of_the_past(&mut watch).await, [key("k")]);
        return;
    }
    assert_eq!(events(&mut watch).await.1, [deleted("k")]);
    assert_eq!(events(&mut watch).await.0, again);
}

pub async fn a_compacted_history_gives_a_snapshot<F: Fixture>() {
    let (_fixture, kv) = fresh::<F>().await;
    needs!(F, kv, WatchTree);
    let Some(history) = F::HISTORY else { return };
    let before = put(&kv, "before").await;
    try_join_all((0..history).map(|i| kv.put(key("k"), i.to_string(), None)))
        .await
        .unwrap();
    let mut watch = kv
        .watch_tree(None, WatchStart::Revision(before))
        .await
        .unwrap();
    let Batch::Snapshot {
        entries, reason, ..
    } = next(&mut watch).await
    else {
        panic!("expected a snapshot");
    };
    assert_eq!((entries.len(), reason), (2, SnapshotReason::Compacted));
    let after = put(&kv, "after").await;
    assert_eq!(events(&mut watch).await.0, after);
}

pub async fn an_unknown_revision_gives_a_snapshot<F: Fixture>() {
    let (_fixture, kv) = fresh::<F>().await;
    needs!(F, kv, Watch);
    let now = put(&kv, "k").await;
    let never = WatchStart::Revision(Revision(now.0 + 1000));
    let mut watch = kv.watch(key("k"), never).await.unwrap();
    let first = next(&mut watch).await;
    assert!(
        matches!(&first, Batch::Snapshot { entries, reason: SnapshotReason::IndexReset, .. } if entries.len() == 1),
        "{first:?}"
    );
}

/// Writes more than an unread watch holds, and removes what was there before.
async fn overrun(kv: &Kv, backlog: usize) {
    try_join_all((0..backlog).map(|i| kv.put(key("k"), i.to_string(), None)))
        .await
        .unwrap();
    kv.delete(key("old")).await.unwrap();
}

pub async fn a_slow_consumer_is_resynced<F: Fixture>() {
    let (_fixture, kv) = fresh::<F>().await;
    needs!(F, kv, WatchTree);
    let Some(backlog) = F::BACKLOG else { return };
    put(&kv, "old").await;
    let (mut watch, _) = watch_all(&kv).await;
    let mut status = watch.status();
    assert_eq!(status.next().await, Some(WatchStatus::Live));
    overrun(&kv, backlog).await;
    assert_eq!(
        status.next().await,
        Some(WatchStatus::Resyncing(SnapshotReason::Lagged))
    );
    let Batch::Snapshot {
        entries, reason, ..
    } = next(&mut watch).await
    else {
        panic!("expected a snapshot");
    };
    assert_eq!((entries.len(), reason), (1, SnapshotReason::Lagged));
    assert_eq!(status.next().await, Some(WatchStatus::Live));
    let after = put(&kv, "after").await;
    assert_eq!(events(&mut watch).await.0, after);
    drop(watch);
    assert_eq!(status.next().await, None);
}

/// A watch that lags before its first batch was read has not become live by that batch.
pub async fn an_unread_watch_lags_too<F: Fixture>() {
    let (_fixture, kv) = fresh::<F>().await;
    needs!(F, kv, WatchTree);
    let Some(backlog) = F::BACKLOG else { return };
    let mut watch = kv.watch_tree(None, WatchStart::Now).await.unwrap();
    let mut status = watch.status();
    overrun(&kv, backlog).await;
    // The changes may arrive after the writes have ended.
    let lagged = WatchStatus::Resyncing(SnapshotReason::Lagged);
    while status.next().await != Some(lagged) {}
    for (reason, then) in [
        (
            SnapshotReason::Started,
            WatchStatus::Resyncing(SnapshotReason::Lagged),
        ),
        (SnapshotReason::Lagged, WatchStatus::Live),
    ] {
        let batch = next(&mut watch).await;
        assert!(matches!(batch, Batch::Snapshot { reason: r, .. } if r == reason));
        assert_eq!(watch.status().next().await, Some(then));
    }
}

pub async fn the_state_is_yielded_after_each_change<F: Fixture>() {
    let (_fixture, kv) = fresh::<F>().await;
    needs!(F, kv, WatchTree);
    put(&kv, "d/a").await;
    let watch = kv
        .watch_tree(Some(key("d")), WatchStart::Now)
        .await
        .unwrap();
    let mut states = watch.snapshots();
    put(&kv, "d/b").await;
    kv.delete(key("d/a")).await.unwrap();
    let later = put(&kv, "later").await;
    let mut expected = [vec!["d/a"], vec!["d/a", "d/b"], vec!["d/b"]].into_iter();
    while expected.len() > 0 {
        let state = next(&mut states).await;
        let names: Vec<&str> = state.entries.iter().map(|e| e.key.as_str()).collect();
        let skipped = expected.by_ref().position(|state| state == names);
        assert!(
            skipped == Some(0) || skipped.is_some() && !F::FULL_HISTORY,
            "{names:?}"
        );
        assert!(state.revision < later);
    }
}

fn apply(state: &mut BTreeMap<Key, Revision>, events: Vec<Event>) {
    for event in events {
        match event {
            Event::Put(entry) => state.insert(entry.key, entry.revision),
            Event::Delete { key, .. } => state.remove(&key),
        };
    }
}

pub async fn changes_add_up_to_the_state<F: Fixture>() {
    let (_fixture, kv) = fresh::<F>().await;
    needs!(F, kv, WatchTree);
    put(&kv, "old").await;
    put(&kv, "stays").await;
    let watch = kv.watch_tree(None, WatchStart::Now).await.unwrap();
    let mut changes = watch.events();
    let mut state = BTreeMap::<Key, Revision>::new();
    let first = next(&mut changes).await;
    apply(&mut state, first.events);
    assert_eq!(state.len(), 2);
    if let Some(backlog) = F::BACKLOG {
        overrun(&kv, backlog).await;
    }
    let last = put(&kv, "last").await;
    loop {
        let changes = next(&mut changes).await;
        apply(&mut state, changes.events);
        if changes.revision >= last {
            break;
        }
    }
    let names: Vec<String> = everything(&kv).await.into_iter().map(|(k, _)| k).collect();
    let received: Vec<String> = state.keys().map(Key::to_string).collect();
    assert_eq!(received, names);
}

pub async fn cancelled_watches_leave_nothing<F: Fixture>() {
    let (fixture, kv) = fresh::<F>().await;
    needs!(F, kv, Watch, WatchTree);
    for i in 0..1000 {
        let begin = kv.watch(key("k"), WatchStart::Now);
        if i % 2 == 0 {
            // Dropped at once, at any point.
            drop(tokio::time::timeout(Duration::ZERO, begin).await);
        } else {
            drop(begin.await.unwrap());
        }
    }
    if let Some(open) = fixture.open_handles() {
        assert_eq!(open, 0);
    }
    let (mut watch, _) = watch_all(&kv).await;
    let last = put(&kv, "k").await;
    assert_eq!(events(&mut watch).await.0, last);
    if F::offers(&kv, carml_runtime::kv::capability::Call::Close) {
        kv.close().await.unwrap();
        ended(&mut watch).await;
    }
}
