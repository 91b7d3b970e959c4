//! A served store that is frozen: it does not answer, and does not close the connection.
#![cfg(unix)]
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::time::{Duration, Instant};

use carml_kv_service::KvClient;
use carml_runtime::kv::Kv;
use support::Served;

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
