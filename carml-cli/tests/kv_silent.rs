//! Clients and a served store that cannot reach each other, and do not close their connections.
#![cfg(unix)]
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::time::{Duration, Instant};

use carml_kv_service::KvClient;
use carml_runtime::kv::{ErrorKind, Kv, Txn};
use carml_test_conformance::{Proxy, key, within};
use support::Served;

fn client(address: &str) -> Kv {
    let client = KvClient::new(&format!("http://{address}")).unwrap();
    Kv::new(client, Duration::from_secs(5))
}

#[tokio::test]
async fn a_lease_is_lost_after_its_ttl_if_the_server_is_silent() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(&folder.path().join("kv.redb"));
    let kv = Kv::new(
        KvClient::new(&served.url()).unwrap(),
        Duration::from_secs(5),
    );
    let lease = kv.lease(Duration::from_millis(900)).await.unwrap();
    let kept = tokio::time::timeout(Duration::from_millis(1_500), lease.lost()).await;
    assert!(kept.is_err(), "it renews itself");

    served.signal("STOP");
    let stopped = Instant::now();
    let lost = tokio::time::timeout(Duration::from_secs(5), lease.lost()).await;
    served.signal("CONT");
    assert!(lost.is_ok(), "the lease was not lost");
    assert!(stopped.elapsed() < Duration::from_secs(2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_client_loses_its_lock_before_another_gets_it() {
    within(async {
        let folder = tempfile::tempdir().unwrap();
        let served = Served::start(&folder.path().join("kv.redb"));
        let proxy = Proxy::start(&served.address.to_string()).await;
        let (near, far) = (
            client(&served.address.to_string()),
            client(&proxy.address()),
        );
        let first = far.acquire(key("l")).await.unwrap();
        let late = Txn::new().require(&first).put(key("k"), "late");
        tokio::time::sleep(Duration::from_secs(11)).await;
        assert!(
            first.valid_until().unwrap() > Instant::now(),
            "it is renewed"
        );

        proxy.silence();
        let waiting = tokio::spawn(async move {
            let second = near.acquire(key("l")).await.unwrap();
            (near, second, Instant::now())
        });
        first.lost().await;
        assert!(first.valid_until().unwrap() <= Instant::now());
        let (near, second, acquired) = waiting.await.unwrap();
        assert!(
            acquired > first.valid_until().unwrap(),
            "two holders at a time"
        );
        assert!(second.token() > first.token());
        assert_eq!(
            near.commit(late).await.unwrap_err().kind,
            ErrorKind::LockLost
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_restarts_waits_for_the_holders_of_before() {
    within(async {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kv.redb");
        let served = Served::start(&file);
        let proxy = Proxy::start(&served.address.to_string()).await;
        let far = client(&proxy.address());
        let first = far.acquire(key("l")).await.unwrap();
        // The client does not learn that the server ends.
        proxy.silence();
        drop(served);
        let served = Served::start(&file);
        let near = client(&served.address.to_string());
        let busy = near.try_acquire(key("l")).await.unwrap_err();
        assert_eq!(busy.kind, ErrorKind::Busy, "{busy}");
        let second = near.acquire(key("l")).await.unwrap();
        assert!(
            Instant::now() > first.valid_until().unwrap(),
            "two holders at a time"
        );
        assert!(second.token() > first.token());
    })
    .await;
}

#[tokio::test]
async fn a_new_store_grants_a_lock_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(&folder.path().join("kv.redb"));
    let kv = client(&served.address.to_string());
    let guard = kv.try_acquire(key("l")).await.unwrap();
    guard.release();
    let again = kv.try_acquire(key("l")).await.unwrap();
    let leads = kv.campaign(key("e"), "me").await.unwrap();
    leads.proclaim("still me").await.unwrap();
    drop((again, leads));
}
