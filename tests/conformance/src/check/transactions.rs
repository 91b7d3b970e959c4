//! Several operations as one.
use carml_runtime::kv::{Applied, Batch, Condition, ErrorKind, Event, Txn};

use crate::{
    Fixture,
    support::{everything, fresh, key, kind, needs, next, watch_all},
};

pub async fn all_or_nothing<F: Fixture>() {
    let (_fixture, kv) = fresh::<F>().await;
    needs!(F, kv, Transaction);
    let old = kv.put(key("old"), "v", None).await.unwrap();
    let before = everything(&kv).await;
    let changes = |txn: Txn| txn.put(key("a"), "1").put(key("b"), "2").delete(key("old"));
    for refused in [
        Txn::new().expect(key("old"), None),
        Txn::new()
            .expect(key("old"), Some(old))
            .expect(key("none"), Some(old)),
    ] {
        let e = kv.commit(changes(refused)).await.unwrap_err();
        assert_eq!((e.kind, e.applied), (ErrorKind::Conflict, Applied::No));
        assert_eq!(everything(&kv).await, before);
    }
    let met = Txn::new()
        .expect(key("old"), Some(old))
        .expect(key("a"), None);
    let done = kv.commit(changes(met)).await.unwrap();
    assert_eq!(done.counts, [1, 1, 1]);
    let names: Vec<String> = everything(&kv).await.into_iter().map(|(k, _)| k).collect();
    assert_eq!(names, ["a", "b"]);
    let too_large = Txn::new()
        .put(key("c"), "v")
        .put(key("d"), vec![0; 600 << 10]);
    assert_eq!(kind(kv.commit(too_large).await), ErrorKind::TooLarge);
    assert!(!kv.exists(&key("c")).await.unwrap());
}

pub async fn one_revision_and_one_batch<F: Fixture>() {
    let (_fixture, kv) = fresh::<F>().await;
    needs!(F, kv, Transaction, WatchTree);
    kv.put(key("t/x"), "v", None).await.unwrap();
    kv.put(key("t/y/z"), "v", None).await.unwrap();
    let (mut watch, _) = watch_all(&kv).await;
    let txn = Txn::new()
        .put(key("a"), "1")
        .put(key("b"), "2")
        .delete(key("none"))
        .delete_tree(key("t"));
    let done = kv.commit(txn).await.unwrap();
    assert_eq!(done.counts, [1, 1, 0, 2]);
    for name in ["a", "b"] {
        let entry = kv.get(&key(name)).await.unwrap().unwrap();
        assert_eq!(entry.revision, done.revision);
    }
    let Batch::Events { revision, events } = next(&mut watch).await else {
        panic!("expected the events");
    };
    assert_eq!(revision, done.revision);
    let told: Vec<(&str, bool)> = events
        .iter()
        .map(|e| (e.key().as_str(), matches!(e, Event::Put(_))))
        .collect();
    assert_eq!(
        told,
        [("a", true), ("b", true), ("t/x", false), ("t/y/z", false)]
    );
    // A transaction that changes nothing has no revision and no events.
    let nothing = kv.commit(Txn::new().delete(key("none"))).await.unwrap();
    assert_eq!((nothing.revision, nothing.counts), (done.revision, vec![0]));
    let last = kv.put(key("last"), "v", None).await.unwrap();
    assert!(matches!(next(&mut watch).await, Batch::Events { revision, .. } if revision == last));
}

pub async fn contradictory_transactions_are_refused<F: Fixture>() {
    let (_fixture, kv) = fresh::<F>().await;
    needs!(F, kv, Transaction);
    for twice in [
        Txn::new().put(key("a"), "1").delete(key("a")),
        Txn::new().delete_tree(key("d")).put(key("d/a"), "1"),
        Txn::new().delete(key("d/e/a")).delete_tree(key("d")),
        Txn::new().delete_tree(key("d")).delete_tree(key("d/e")),
    ] {
        assert_eq!(kind(kv.commit(twice).await), ErrorKind::InvalidArgument);
    }
    // A key and the keys under it are separate.
    for name in ["d", "d/a", "dd"] {
        kv.put(key(name), "v", None).await.unwrap();
    }
    let both = Txn::new().delete(key("d")).delete_tree(key("d"));
    assert_eq!(kv.commit(both).await.unwrap().counts, [1, 1]);
    assert!(kv.exists(&key("dd")).await.unwrap());
    if F::offers(&kv, carml_runtime::kv::capability::Call::Lease) {
        let lease = kv.lease(F::MIN_TTL * 100).await.unwrap();
        let txn = Txn::new().put_leased(key("leased"), "1", lease.id());
        kv.commit(txn.clone()).await.unwrap();
        lease.revoke().await.unwrap();
        assert!(!kv.exists(&key("leased")).await.unwrap());
        assert_eq!(kind(kv.commit(txn).await), ErrorKind::LeaseLost);
    }
    let mut checked = Txn::new().put(key("a"), "1");
    checked.conditions.push(Condition::Revision(key("a"), None));
    kv.commit(checked).await.unwrap();
}
