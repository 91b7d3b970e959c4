//! The embedded store against a map: after the same steps both have the same state, and so has
//! every watch.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use carml_runtime::kv::{
    Batch, Error, ErrorKind, Event, Key, Kv, ListOptions, Revision, Txn, WatchStart,
};
use carml_test_conformance::{Fixture, RedbFile};
use futures_util::StreamExt;
use proptest::prelude::*;

type Model = BTreeMap<Key, (Vec<u8>, Revision)>;

#[derive(Clone, Debug)]
enum Step {
    Put(Key, Vec<u8>),
    Delete(Key),
    DeleteTree(Key),
    /// With the right revision, or a wrong one.
    AtomicPut(Key, Vec<u8>, bool),
    AtomicDelete(Key, bool),
    Transaction(Vec<(Key, Option<Vec<u8>>)>, Option<(Key, bool)>),
    List(Option<Key>, usize),
    Reopen,
}

fn key() -> impl Strategy<Value = Key> {
    let segment = prop::sample::select(vec!["a", "b", "a!", "a0", "é"]);
    prop::collection::vec(segment, 1..4).prop_map(|s| Key::parse(&s.join("/")).unwrap())
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..20)
}

fn step() -> impl Strategy<Value = Step> {
    let op = (key(), prop::option::of(value()));
    let ops = prop::collection::vec(op, 0..5);
    let condition = prop::option::of((key(), any::<bool>()));
    prop_oneof![
        8 => (key(), value()).prop_map(|(k, v)| Step::Put(k, v)),
        4 => key().prop_map(Step::Delete),
        2 => key().prop_map(Step::DeleteTree),
        4 => (key(), value(), any::<bool>()).prop_map(|(k, v, right)| Step::AtomicPut(k, v, right)),
        3 => (key(), any::<bool>()).prop_map(|(k, right)| Step::AtomicDelete(k, right)),
        4 => (ops, condition).prop_map(|(ops, condition)| Step::Transaction(ops, condition)),
        3 => (prop::option::of(key()), 1usize..5).prop_map(|(dir, limit)| Step::List(dir, limit)),
        1 => Just(Step::Reopen),
    ]
}

/// What the store should be asked to expect of a key, right or wrong.
fn expected(model: &Model, key: &Key, right: bool) -> Option<Revision> {
    let now = model.get(key).map(|(_, revision)| *revision);
    match (now, right) {
        (now, true) => now,
        (Some(_), false) => None,
        (None, false) => Some(Revision(1)),
    }
}

fn below(key: &Key, dir: Option<&Key>) -> bool {
    dir.is_none_or(|dir| key.as_str().starts_with(&dir.prefix()))
}

fn conflict<T: std::fmt::Debug>(answer: Result<T, Error>) {
    assert_eq!(answer.unwrap_err().kind, ErrorKind::Conflict);
}

/// Does a step on both, and checks that the answers are equal.
async fn take(kv: &Kv, model: &mut Model, step: Step) {
    match step {
        Step::Put(key, value) => {
            let revision = kv.put(key.clone(), value.clone(), None).await.unwrap();
            model.insert(key, (value, revision));
        }
        Step::Delete(key) => {
            let existed = kv.delete(key.clone()).await.unwrap();
            assert_eq!(existed, model.remove(&key).is_some());
        }
        Step::DeleteTree(dir) => {
            let before = model.len();
            model.retain(|key, _| !below(key, Some(&dir)));
            let removed = kv.delete_tree(dir).await.unwrap();
            assert_eq!(removed, (before - model.len()) as u64);
        }
        Step::AtomicPut(key, value, right) => {
            let expected = expected(model, &key, right);
            let put = kv.atomic_put(key.clone(), value.clone(), expected, None);
            let put = put.await;
            if right {
                model.insert(key, (value, put.unwrap()));
            } else {
                conflict(put);
            }
        }
        Step::AtomicDelete(key, right) => {
            let now = model.get(&key).map(|(_, revision)| *revision);
            let asked = if right { now } else { None };
            // The revision of another key, or of nothing, is never this one's.
            let deleted = kv.atomic_delete(key.clone(), asked.unwrap_or(Revision(0)));
            let deleted = deleted.await;
            if asked.is_some() {
                deleted.unwrap();
                model.remove(&key);
            } else {
                conflict(deleted);
            }
        }
        Step::Transaction(ops, condition) => transact(kv, model, ops, condition).await,
        Step::List(dir, limit) => {
            let whole = model.iter().filter(|(key, _)| below(key, dir.as_ref()));
            let whole: Vec<_> = whole.map(|(k, v)| (k.clone(), v.clone())).collect();
            assert_eq!(list(kv, dir, limit).await, whole);
        }
        Step::Reopen => unreachable!("done by the caller"),
    }
}

async fn list(kv: &Kv, dir: Option<Key>, limit: usize) -> Vec<(Key, (Vec<u8>, Revision))> {
    let mut options = ListOptions {
        limit,
        ..ListOptions::default()
    };
    let mut listed = Vec::new();
    loop {
        let page = kv.list(dir.clone(), options.clone()).await.unwrap();
        let entries = page.entries.into_iter();
        listed.extend(entries.map(|e| (e.key, (e.value.to_vec(), e.revision))));
        match page.next {
            Some(next) => options.after = Some(next),
            None => return listed,
        }
    }
}

async fn transact(
    kv: &Kv,
    model: &mut Model,
    ops: Vec<(Key, Option<Vec<u8>>)>,
    condition: Option<(Key, bool)>,
) {
    let mut txn = Txn::new();
    if let Some((key, right)) = &condition {
        txn = txn.expect(key.clone(), expected(model, key, *right));
    }
    // A transaction names a key once: the last one counts.
    let ops: BTreeMap<_, _> = ops.into_iter().collect();
    let mut counts = Vec::new();
    for (key, value) in &ops {
        counts.push(u64::from(value.is_some() || model.contains_key(key)));
        txn = match value {
            Some(value) => txn.put(key.clone(), value.clone()),
            None => txn.delete(key.clone()),
        };
    }
    let done = kv.commit(txn).await;
    if matches!(condition, Some((_, false))) {
        return conflict(done);
    }
    let done = done.unwrap();
    assert_eq!(done.counts, counts);
    for (key, value) in ops {
        match value {
            Some(value) => drop(model.insert(key, (value, done.revision))),
            None => drop(model.remove(&key)),
        }
    }
}

/// Applies what a watch yields to a state, up to a revision.
async fn replay(kv: &Kv, from: WatchStart, mut state: Model, last: Revision) -> Model {
    let mut watch = kv.watch_tree(None, from).await.unwrap();
    let mut at = Revision(0);
    while at < last {
        let (revision, events) = match watch.next().await.unwrap().unwrap() {
            Batch::Snapshot {
                entries, revision, ..
            } => {
                state.clear();
                (revision, entries.into_iter().map(Event::Put).collect())
            }
            Batch::Events { revision, events } => (revision, events),
            Batch::Progress { revision } => (revision, Vec::new()),
            other => panic!("{other:?}"),
        };
        assert!(
            revision >= at,
            "batches come in the order of their revisions"
        );
        at = revision;
        for event in events {
            match event {
                Event::Put(e) => drop(state.insert(e.key, (e.value.to_vec(), e.revision))),
                Event::Delete { key, .. } => {
                    assert!(state.remove(&key).is_some(), "{key} was not there");
                }
            }
        }
    }
    state
}

async fn run(steps: Vec<Step>) {
    let fixture = RedbFile::fresh().await;
    let mut kv = fixture.open().await;
    let first = Key::parse("first").unwrap();
    let revision = kv.put(first.clone(), "", None).await.unwrap();
    let mut model = Model::from([(first, (Vec::new(), revision))]);
    // Every state that there was, by its revision.
    let mut states = vec![(revision, model.clone())];
    for step in steps {
        if matches!(step, Step::Reopen) {
            kv.close().await.unwrap();
            kv = fixture.open().await;
            continue;
        }
        take(&kv, &mut model, step).await;
        let page = kv.list(None, ListOptions::default()).await.unwrap();
        states.push((page.revision, model.clone()));
    }
    let (last, _) = states[states.len() - 1];
    let now = replay(&kv, WatchStart::Now, Model::new(), last).await;
    assert_eq!(now, model);
    for (revision, state) in states {
        let now = replay(&kv, WatchStart::Revision(revision), state, last).await;
        assert_eq!(now, model);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_store_and_a_map_agree_at_every_revision(steps in prop::collection::vec(step(), 1..40)) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(carml_test_conformance::within(run(steps)));
    }
}
