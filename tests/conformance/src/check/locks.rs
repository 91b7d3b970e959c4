//! Locks.
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use carml_runtime::kv::{Applied, ErrorKind, Txn};

use crate::{
    Fixture,
    support::{fresh, key, kind, needs, reopen},
};

pub async fn one_holder_at_a_time<F: Fixture>() {
    let (_fixture, kv) = fresh::<F>().await;
    needs!(F, kv, Lock);
    let (inside, tokens) = (
        Arc::new(AtomicUsize::new(0)),
        Arc::new(Mutex::new(Vec::new())),
    );
    let tasks = (0..8).map(|_| {
        let (kv, inside, tokens) = (kv.clone(), inside.clone(), tokens.clone());
        tokio::spawn(async move {
            for _ in 0..10 {
                let guard = kv.acquire(key("l")).await.unwrap();
                assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "alone");
                tokens.lock().unwrap().push(guard.token());
                tokio::task::yield_now().await;
                inside.fetch_sub(1, Ordering::SeqCst);
                guard.release();
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let tokens = tokens.lock().unwrap();
    assert_eq!(tokens.len(), 80);
    assert!(tokens.is_sorted_by(|a, b| a < b), "{tokens:?}");
}

pub async fn first_come_first_served<F: Fixture>() {
    let (_fixture, kv) = fresh::<F>().await;
    needs!(F, kv, Lock);
    if !F::FIFO {
        return;
    }
    let first = kv.acquire(key("l")).await.unwrap();
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut waiting = Vec::new();
    for i in 0..10 {
        let mut acquire = Box::pin({
            let kv = kv.clone();
            async move { kv.acquire(key("l")).await.unwrap() }
        });
        // In the queue before the next one comes.
        let queued = tokio::time::timeout(F::JOINS_WITHIN, &mut acquire).await;
        assert!(queued.is_err());
        let order = order.clone();
        waiting.push(tokio::spawn(async move {
            let guard = acquire.await;
            order.lock().unwrap().push(i);
            guard.release();
        }));
    }
    // Leaving the queue changes nothing for the others.
    waiting.remove(4).abort();
    first.release();
    for task in waiting {
        task.await.unwrap();
    }
    assert_eq!(*order.lock().unwrap(), [0, 1, 2, 3, 5, 6, 7, 8, 9]);
}

pub async fn tokens_rise_over_restarts<F: Fixture>() {
    let (fixture, mut kv) = fresh::<F>().await;
    needs!(F, kv, Lock, Close);
    if !F::PERSISTENT {
        return;
    }
    let mut last = 0;
    for _ in 0..3 {
        for _ in 0..3 {
            let guard = kv.acquire(key("l")).await.unwrap();
            assert!(guard.token() > last);
            last = guard.token();
        }
        kv = reopen(&fixture, kv).await;
    }
}

pub async fn a_held_lock_is_busy_and_not_a_key<F: Fixture>() {
    let (_fixture, kv) = fresh::<F>().await;
    needs!(F, kv, Lock);
    let guard = kv.try_acquire(key("l")).await.unwrap();
    assert_eq!(guard.key(), &key("l"));
    let busy = kv.try_acquire(key("l")).await.unwrap_err();
    assert_eq!((busy.kind, busy.applied), (ErrorKind::Busy, Applied::No));
    let other = kv.try_acquire(key("l/other")).await.unwrap();
    assert!(!kv.exists(&key("l")).await.unwrap());
    assert!(
        kv.list(None, Default::default())
            .await
            .unwrap()
            .entries
            .is_empty()
    );
    // A locked key can be written by anyone: a lock is only an agreement among its users.
    kv.put(key("l"), "v", None).await.unwrap();
    assert!(kv.delete(key("l")).await.unwrap());
    assert!(
        tokio::time::timeout(Duration::ZERO, guard.lost())
            .await
            .is_err()
    );
    drop(guard);
    drop(kv.acquire(key("l")).await.unwrap());
    drop(other);
}

pub async fn a_late_write_is_fenced<F: Fixture>() {
    let (_fixture, kv) = fresh::<F>().await;
    needs!(F, kv, Lock, Transaction);
    let first = kv.acquire(key("l")).await.unwrap();
    let late = Txn::new().require(&first).put(key("k"), "late");
    kv.commit(Txn::new().require(&first).put(key("k"), "in time"))
        .await
        .unwrap();
    first.release();
    let e = kv.commit(late.clone()).await.unwrap_err();
    assert_eq!(
        (e.kind, e.applied),
        (ErrorKind::LockLost, Applied::No),
        "{e}"
    );
    let second = kv.acquire(key("l")).await.unwrap();
    assert_eq!(kind(kv.commit(late).await), ErrorKind::LockLost);
    kv.commit(Txn::new().require(&second).put(key("k"), "second"))
        .await
        .unwrap();
    assert_eq!(kv.get(&key("k")).await.unwrap().unwrap().value, "second");
}

pub async fn cancelled_waits_leave_nothing<F: Fixture>() {
    let (fixture, kv) = fresh::<F>().await;
    needs!(F, kv, Lock);
    let first = kv.acquire(key("l")).await.unwrap();
    for i in 0..1000 {
        let waited = Duration::from_micros(i % 50);
        let waiting = tokio::time::timeout(waited, kv.acquire(key("l"))).await;
        assert!(waiting.is_err());
    }
    first.release();
    // Also an attempt that is dropped when its turn has come.
    for i in 0..100 {
        let waited = Duration::from_micros(i * 20);
        drop(tokio::time::timeout(waited, kv.acquire(key("l"))).await);
    }
    let again = kv.acquire(key("l")).await.unwrap();
    drop(again);
    if let Some(open) = fixture.open_handles() {
        assert_eq!(open, 0);
    }
}
