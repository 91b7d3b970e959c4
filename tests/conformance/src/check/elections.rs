//! Elections.
use std::time::Duration;

use carml_runtime::kv::{ErrorKind, Leader, Txn};

use crate::{
    Fixture,
    support::{ended, fresh, key, kind, needs, next},
};

pub async fn one_leads_and_the_others_know<F: Fixture>() {
    let (_fixture, kv) = fresh::<F>().await;
    needs!(F, kv, Election, Lock, Close);
    let mut leaders = kv.observe(key("e")).await.unwrap();
    assert_eq!(next(&mut leaders).await, None);
    let first = kv.campaign(key("e"), "first").await.unwrap();
    let leader = |token, value: &'static str| {
        let value = value.into();
        Some(Leader { token, value })
    };
    assert_eq!(next(&mut leaders).await, leader(first.token(), "first"));
    let waiting = tokio::spawn({
        let kv = kv.clone();
        async move { kv.campaign(key("e"), "second").await.unwrap() }
    });
    // Another election, and a lock of the same name, are independent.
    let other = kv.campaign(key("e/other"), "x").await.unwrap();
    let lock = kv.try_acquire(key("e")).await.unwrap();
    first.proclaim("moved").await.unwrap();
    assert_eq!(next(&mut leaders).await, leader(first.token(), "moved"));
    assert!(!waiting.is_finished());
    assert!(
        !kv.exists(&key("e")).await.unwrap(),
        "an election writes no key"
    );
    let token = first.token();
    first.resign();
    let second = waiting.await.unwrap();
    assert!(second.token() > token);
    let mut late = kv.observe(key("e")).await.unwrap();
    assert_eq!(next(&mut late).await, leader(second.token(), "second"));
    // Between the two nobody led; that may have been too short to be delivered.
    let mut now = next(&mut leaders).await;
    if now.is_none() {
        now = next(&mut leaders).await;
    }
    assert_eq!(now, leader(second.token(), "second"));
    drop((other, lock));
    kv.close().await.unwrap();
    second.lost().await;
    ended(&mut late).await;
}

pub async fn a_late_leader_is_fenced<F: Fixture>() {
    let (_fixture, kv) = fresh::<F>().await;
    needs!(F, kv, Election, Transaction);
    let first = kv.campaign(key("e"), "first").await.unwrap();
    let write = Txn::new().require(first.guard()).put(key("k"), "first");
    kv.commit(write.clone()).await.unwrap();
    first.resign();
    let second = kv.campaign(key("e"), "second").await.unwrap();
    assert_eq!(kind(kv.commit(write).await), ErrorKind::LockLost);
    let too_large = vec![0; 600 << 10];
    assert_eq!(
        kind(second.proclaim(too_large.clone()).await),
        ErrorKind::TooLarge
    );
    assert_eq!(
        kind(kv.campaign(key("big"), too_large).await),
        ErrorKind::TooLarge
    );
}

pub async fn cancelled_campaigns_leave_nothing<F: Fixture>() {
    let (fixture, kv) = fresh::<F>().await;
    needs!(F, kv, Election);
    let first = kv.campaign(key("e"), "first").await.unwrap();
    for i in 0..200 {
        let waited = Duration::from_micros(i % 50);
        let campaign = kv.campaign(key("e"), "never");
        assert!(tokio::time::timeout(waited, campaign).await.is_err());
        drop(kv.observe(key("e")).await.unwrap());
    }
    first.resign();
    let second = kv.campaign(key("e"), "second").await.unwrap();
    drop(second);
    if let Some(open) = fixture.open_handles() {
        assert_eq!(open, 0);
    }
}
