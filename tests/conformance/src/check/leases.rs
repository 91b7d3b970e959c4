//! Keys that end with their holder.
use std::time::{Duration, Instant};

use carml_runtime::kv::{Batch, DeleteCause, ErrorKind, Event, Kv, LeaseId, WatchStart};

use crate::{
    Fixture,
    support::{fresh, key, kind, needs, next, reopen},
};

/// Waits until a key is gone.
async fn gone(kv: &Kv, name: &str, ttl: Duration) {
    let deadline = Instant::now() + ttl * 3 + Duration::from_secs(5);
    while kv.exists(&key(name)).await.unwrap() {
        assert!(Instant::now() < deadline, "{name} outlives its lease");
        tokio::time::sleep(ttl / 20).await;
    }
}

pub async fn a_key_ends_with_its_lease_and_not_before<F: Fixture>() {
    let (_fixture, kv) = fresh::<F>().await;
    needs!(F, kv, Lease, Watch);
    let mut watch = kv.watch(key("k"), WatchStart::Now).await.unwrap();
    next(&mut watch).await;
    let granted = Instant::now();
    let lease = kv.lease(F::MIN_TTL * 4).await.unwrap();
    let ttl = lease.ttl();
    kv.put(key("k"), "v", Some(lease.id())).await.unwrap();
    next(&mut watch).await;
    drop(lease);
    let end = next(&mut watch).await;
    assert!(
        granted.elapsed() >= ttl,
        "{:?} of {ttl:?}",
        granted.elapsed()
    );
    let Batch::Events { events, .. } = end else {
        panic!("{end:?}");
    };
    assert!(
        matches!(
            &events[..],
            [Event::Delete {
                cause: DeleteCause::Expired | DeleteCause::Unknown,
                ..
            }]
        ),
        "{events:?}"
    );
    assert!(!kv.exists(&key("k")).await.unwrap());
    kv.atomic_put(key("k"), "again", None, None).await.unwrap();
}

pub async fn a_kept_lease_continues_and_a_dropped_one_ends<F: Fixture>() {
    let (_fixture, kv) = fresh::<F>().await;
    needs!(F, kv, Lease);
    let lease = kv.lease(F::MIN_TTL * 10).await.unwrap();
    let ttl = lease.ttl();
    kv.put(key("k"), "v", Some(lease.id())).await.unwrap();
    tokio::time::sleep(ttl * 3 / 2).await;
    assert!(kv.exists(&key("k")).await.unwrap(), "it renews itself");
    let lost = tokio::time::timeout(Duration::ZERO, lease.lost()).await;
    assert!(lost.is_err());
    lease.renew().await.unwrap();
    drop(lease);
    gone(&kv, "k", ttl).await;
}

pub async fn a_detached_lease_is_renewed_by_its_id<F: Fixture>() {
    let (_fixture, kv) = fresh::<F>().await;
    needs!(F, kv, Lease);
    let lease = kv.lease(F::MIN_TTL * 10).await.unwrap();
    let ttl = lease.ttl();
    kv.put(key("k"), "v", Some(lease.id())).await.unwrap();
    let id = lease.detach();
    for _ in 0..5 {
        tokio::time::sleep(ttl / 3).await;
        assert_eq!(kv.keep_alive(id).await.unwrap(), ttl);
    }
    assert!(kv.exists(&key("k")).await.unwrap());
    gone(&kv, "k", ttl).await;
    for (answer, call) in [
        (kv.keep_alive(id).await.map(drop), "keep_alive"),
        (kv.revoke(id).await, "revoke"),
    ] {
        let e = answer.unwrap_err();
        assert_eq!((e.kind, e.op), (ErrorKind::LeaseLost, call), "{e}");
    }
}

pub async fn a_revoked_lease_removes_its_keys<F: Fixture>() {
    let (_fixture, kv) = fresh::<F>().await;
    needs!(F, kv, Lease);
    let lease = kv.lease(F::MIN_TTL * 100).await.unwrap();
    for name in ["a", "b/c"] {
        kv.put(key(name), "v", Some(lease.id())).await.unwrap();
    }
    kv.put(key("other"), "v", None).await.unwrap();
    assert_eq!(
        kv.get(&key("a")).await.unwrap().unwrap().lease,
        Some(lease.id())
    );
    let id = lease.id();
    lease.revoke().await.unwrap();
    assert!(!kv.exists(&key("a")).await.unwrap());
    assert!(!kv.exists(&key("b/c")).await.unwrap());
    assert!(kv.exists(&key("other")).await.unwrap());
    assert_eq!(kind(kv.revoke(id).await), ErrorKind::LeaseLost);

    let lease = kv.lease(F::MIN_TTL * 100).await.unwrap();
    kv.revoke(lease.id()).await.unwrap();
    let renewed = lease.renew().await;
    assert_eq!(kind(renewed), ErrorKind::LeaseLost);
    lease.lost().await;
}

pub async fn a_key_belongs_to_its_last_lease<F: Fixture>() {
    let (_fixture, kv) = fresh::<F>().await;
    needs!(F, kv, Lease);
    let ttl = F::MIN_TTL * 100;
    let (first, second) = (kv.lease(ttl).await.unwrap(), kv.lease(ttl).await.unwrap());
    for name in ["freed", "moved", "kept"] {
        kv.put(key(name), "v", Some(first.id())).await.unwrap();
    }
    kv.put(key("freed"), "v", None).await.unwrap();
    let revision = kv.put(key("moved"), "v", Some(second.id())).await.unwrap();
    let moved = kv.atomic_put(key("moved"), "w", Some(revision), Some(second.id()));
    moved.await.unwrap();
    first.revoke().await.unwrap();
    assert!(kv.exists(&key("freed")).await.unwrap());
    assert!(kv.exists(&key("moved")).await.unwrap());
    assert!(!kv.exists(&key("kept")).await.unwrap());
    second.revoke().await.unwrap();
    assert!(!kv.exists(&key("moved")).await.unwrap());
}

pub async fn an_ended_lease_accepts_no_keys<F: Fixture>() {
    let (_fixture, kv) = fresh::<F>().await;
    needs!(F, kv, Lease);
    let lease = kv.lease(F::MIN_TTL * 100).await.unwrap();
    let id = lease.id();
    lease.revoke().await.unwrap();
    for over in [id, LeaseId(u64::MAX - 1)] {
        assert_eq!(
            kind(kv.put(key("k"), "v", Some(over)).await),
            ErrorKind::LeaseLost
        );
        let made = kv.atomic_put(key("k"), "v", None, Some(over)).await;
        assert_eq!(kind(made), ErrorKind::LeaseLost);
    }
    assert!(!kv.exists(&key("k")).await.unwrap());
}

pub async fn a_lease_continues_after_a_restart<F: Fixture>() {
    let (fixture, kv) = fresh::<F>().await;
    needs!(F, kv, Lease, Close);
    if !F::PERSISTENT {
        return;
    }
    let lease = kv.lease(F::MIN_TTL * 10).await.unwrap();
    let ttl = lease.ttl();
    kv.put(key("k"), "v", Some(lease.id())).await.unwrap();
    let id = lease.detach();
    let kv = reopen(&fixture, kv).await;
    assert!(kv.exists(&key("k")).await.unwrap());
    let renewed = kv.keep_alive(id).await;
    match F::LEASES_OUTLIVE_CLIENTS {
        true => assert_eq!(renewed.unwrap(), ttl),
        false => assert_eq!(kind(renewed), ErrorKind::LeaseLost),
    }
    gone(&kv, "k", ttl).await;
}

pub async fn a_granted_ttl_is_at_least_the_requested_one<F: Fixture>() {
    let (_fixture, kv) = fresh::<F>().await;
    needs!(F, kv, Lease);
    for asked in [Duration::from_millis(1), F::MIN_TTL, F::MIN_TTL * 7] {
        let lease = kv.lease(asked).await.unwrap();
        assert!(lease.ttl() >= asked.max(F::MIN_TTL), "{asked:?}");
    }
    assert_eq!(
        kind(kv.lease(Duration::ZERO).await),
        ErrorKind::InvalidArgument
    );
}
