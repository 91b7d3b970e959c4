//! The end, and what comes after it.
use std::time::Duration;

use carml_runtime::kv::{ErrorKind, Txn, WatchStart};
use futures_util::future::join_all;

use crate::{
    Fixture,
    support::{ended, everything, fresh, key, kind, needs, next, reopen},
};

pub async fn a_restart_keeps_what_was_written<F: Fixture>() {
    let (fixture, mut kv) = fresh::<F>().await;
    needs!(F, kv, Close);
    if !F::PERSISTENT {
        return;
    }
    for round in 0..5 {
        kv.put(key(&format!("k/{round}")), vec![round; 100], None)
            .await
            .unwrap();
        kv.put(key("over"), vec![round], None).await.unwrap();
        kv.put(key("gone"), "v", None).await.unwrap();
        kv.delete(key("gone")).await.unwrap();
        let before = everything(&kv).await;
        assert_eq!(before.len(), usize::from(round) + 2);
        kv = reopen(&fixture, kv).await;
        assert_eq!(everything(&kv).await, before);
    }
}

pub async fn a_close_ends_everything_that_is_open<F: Fixture>() {
    let (fixture, kv) = fresh::<F>().await;
    needs!(F, kv, Close, WatchTree, Lock, Lease);
    let mut watch = kv.watch_tree(None, WatchStart::Now).await.unwrap();
    next(&mut watch).await;
    let guard = kv.acquire(key("l")).await.unwrap();
    let lease = kv.lease(Duration::from_secs(60)).await.unwrap();
    let waiting = tokio::spawn({
        let kv = kv.clone();
        async move { kv.acquire(key("l")).await }
    });
    // Reads and writes that are under way are answered, either way.
    let busy = tokio::spawn({
        let kv = kv.clone();
        async move {
            join_all((0..200).map(|i| {
                let kv = kv.clone();
                async move {
                    let put = kv.put(key(&format!("k/{i}")), "v", None).await;
                    let page = kv.list(None, Default::default()).await;
                    [put.err(), page.err()]
                }
            }))
            .await
        }
    });
    tokio::time::sleep(Duration::from_millis(5)).await;
    let twice = tokio::join!(kv.close(), kv.close());
    twice.0.unwrap();
    twice.1.unwrap();
    guard.lost().await;
    lease.lost().await;
    assert_eq!(kind(waiting.await.unwrap()), ErrorKind::Closed);
    for e in busy.await.unwrap().into_iter().flatten().flatten() {
        assert_eq!(e.kind, ErrorKind::Closed, "{e}");
    }
    while let Some(batch) = futures_util::StreamExt::next(&mut watch).await {
        batch.unwrap();
    }
    ended(&mut watch).await;
    if F::PERSISTENT {
        // The file is free, although handles are left.
        let kv = fixture.open().await;
        drop(kv.acquire(key("l")).await.unwrap());
    }
}

pub async fn a_closed_store_refuses_calls<F: Fixture>() {
    let (_fixture, kv) = fresh::<F>().await;
    needs!(F, kv, Close, Transaction, Watch, Lock, Election, Lease);
    let lease = kv.lease(Duration::from_secs(60)).await.unwrap();
    kv.close().await.unwrap();
    kv.close().await.unwrap();
    let k = || key("k");
    let kinds = [
        kind(kv.put(k(), "v", None).await),
        kind(kv.get(&k()).await),
        kind(kv.exists(&k()).await),
        kind(kv.delete(k()).await),
        kind(kv.list(None, Default::default()).await),
        kind(kv.delete_tree(k()).await),
        kind(kv.atomic_put(k(), "v", None, None).await),
        kind(kv.commit(Txn::new().put(k(), "v")).await),
        kind(kv.watch(k(), WatchStart::Now).await),
        kind(kv.acquire(k()).await),
        kind(kv.campaign(k(), "v").await),
        kind(kv.observe(k()).await),
        kind(kv.lease(Duration::from_secs(1)).await),
        kind(kv.keep_alive(lease.id()).await),
        kind(kv.revoke(lease.id()).await),
    ];
    assert_eq!(kinds, [ErrorKind::Closed; 15]);
}
