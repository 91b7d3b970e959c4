//! etcd with servers that are killed, frozen and cut off.
#![allow(clippy::unwrap_used)]

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use carml_runtime::kv::{
    Applied, Batch, ErrorKind, Event, Kv, Revision, SnapshotReason, WatchStart,
    etcd::{Etcd, Options},
};
use carml_test_conformance::{
    Proxy, Server,
    faults::{self, failed, next, next_value},
    inspect::etcdctl,
    key, within,
};

const TIMEOUT: Duration = Duration::from_secs(2);

fn options(endpoints: Vec<String>) -> Options {
    let mut options = Options::new(endpoints);
    options.timeout = TIMEOUT;
    options.lock_ttl = Duration::from_secs(3);
    options
}

async fn open(options: &Options) -> Kv {
    Kv::new(Etcd::connect(options).await.unwrap(), options.timeout)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_to_a_lost_server_ends_in_time_and_says_whether_it_was_applied() {
    within(async {
        let server = Server::started(&["etcd"]).await;
        let kv = open(&options(server.endpoints())).await;
        kv.put(key("k"), "before", None).await.unwrap();
        let mut watch = kv.watch(key("k"), WatchStart::Now).await.unwrap();
        assert!(matches!(next(&mut watch).await, Batch::Snapshot { .. }));

        server.freeze(0);
        let start = Instant::now();
        let put = kv.put(key("k"), "frozen", None).await;
        assert_eq!(failed(put), (ErrorKind::Indeterminate, Applied::Maybe));
        assert!(start.elapsed() <= TIMEOUT, "{:?}", start.elapsed());
        let get = kv.get(&key("k")).await;
        assert_eq!(failed(get), (ErrorKind::Unavailable, Applied::No));
        server.thaw(0);

        server.kill(0);
        // The first call may meet the connection that has just broken.
        let _ = kv.get(&key("k")).await;
        let start = Instant::now();
        let put = kv.put(key("k"), "dead", None).await;
        assert_eq!(failed(put), (ErrorKind::Unavailable, Applied::No));
        assert!(start.elapsed() <= TIMEOUT, "{:?}", start.elapsed());
        server.restart(0);
        kv.put(key("k"), "after", None).await.unwrap();
        while next_value(&mut watch).await != b"after" {}
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_server_at_start_is_an_error_in_time() {
    within(async {
        for endpoint in ["127.0.0.1:1", "no-such-host.invalid"] {
            let start = Instant::now();
            let error = Etcd::connect(&options(vec![endpoint.to_owned()]))
                .await
                .err();
            let error = error.unwrap();
            assert_eq!(error.kind, ErrorKind::Unavailable, "{error}");
            assert!(error.to_string().contains(endpoint), "{error}");
            assert!(start.elapsed() <= TIMEOUT, "{error}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_connection_loses_no_event_and_repeats_no_write() {
    within(async {
        let server = Server::started(&["etcd"]).await;
        let direct = open(&options(server.endpoints())).await;
        let proxy = Proxy::start(&server.endpoints()[0]).await;
        let kv = open(&options(vec![proxy.address()])).await;
        let mut watch = kv.watch(key("n"), WatchStart::Now).await.unwrap();
        let mut made = Vec::new();
        for n in 0..200 {
            if n % 10 == 0 {
                proxy.cut();
            }
            made.push(direct.put(key("n"), n.to_string(), None).await.unwrap());
            // Whether it was applied or not, never twice.
            match kv.put(key(&format!("own/{n}")), "v", None).await {
                Ok(_) => {}
                Err(e) => assert_ne!(e.applied, Applied::Yes, "{e}"),
            }
        }
        let mut seen = Vec::new();
        while seen.last() != made.last() {
            if let Batch::Events { revision, .. } = next(&mut watch).await {
                seen.push(revision);
            }
        }
        assert_eq!(seen, made);
        let all = etcdctl(
            &server,
            &["get", "--prefix", "carml/own/", "--write-out", "fields"],
        );
        assert!(!all.contains("\"Version\" : 2"), "a write was repeated");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_compaction_during_an_outage_is_a_snapshot() {
    within(async {
        let server = Server::started(&["etcd"]).await;
        let direct = open(&options(server.endpoints())).await;
        let proxy = Proxy::start(&server.endpoints()[0]).await;
        let kv = open(&options(vec![proxy.address()])).await;
        let mut watch = kv.watch_tree(None, WatchStart::Now).await.unwrap();
        assert!(matches!(next(&mut watch).await, Batch::Snapshot { .. }));
        let before = direct.put(key("a"), "1", None).await.unwrap();
        assert!(
            matches!(next(&mut watch).await, Batch::Events { revision, .. } if revision == before)
        );
        proxy.silence();
        let mut last = Revision(0);
        for n in 0..10 {
            last = direct.put(key("b"), n.to_string(), None).await.unwrap();
        }
        etcdctl(&server, &["compact", &last.0.to_string()]);
        proxy.resume();
        let batch = next(&mut watch).await;
        let Batch::Snapshot {
            entries, reason, ..
        } = batch
        else {
            panic!("{batch:?}");
        };
        assert_eq!((entries.len(), reason), (2, SnapshotReason::Compacted));
        let after = direct.put(key("a"), "2", None).await.unwrap();
        assert!(
            matches!(next(&mut watch).await, Batch::Events { revision, .. } if revision == after)
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_and_a_lock_are_lost_by_the_own_clock() {
    let open = async |endpoints| open(&options(endpoints)).await;
    faults::a_lease_and_a_lock_are_lost_by_the_own_clock("etcd", open).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelled_waits_leave_nothing_in_the_store() {
    within(async {
        let server = Server::started(&["etcd"]).await;
        let kv = open(&options(server.endpoints())).await;
        let held = kv.acquire(key("l")).await.unwrap();
        for i in 0..1000 {
            let waited = Duration::from_micros(i % 50 * 100);
            let campaign = kv.campaign(key("e"), "v");
            let acquire = kv.acquire(key("l"));
            if i % 2 == 0 {
                drop(tokio::time::timeout(waited, campaign).await);
            } else {
                assert!(tokio::time::timeout(waited, acquire).await.is_err());
            }
        }
        drop(held);
        kv.close().await.unwrap();
        assert_eq!(
            etcdctl(&server, &["get", "--prefix", "carml/", "--keys-only"]),
            ""
        );
        assert_eq!(
            etcdctl(&server, &["lease", "list"]).trim(),
            "found 0 leases"
        );
    })
    .await;
}

/// Writes under compare-and-set until told to stop; the revisions that were acknowledged.
async fn write(kv: Kv, stop: Instant) -> BTreeMap<Revision, String> {
    let mut acknowledged = BTreeMap::new();
    for n in 0.. {
        if Instant::now() >= stop {
            break;
        }
        let value = n.to_string();
        match kv.put(key("n"), value.clone(), None).await {
            Ok(revision) => assert!(acknowledged.insert(revision, value).is_none()),
            Err(e) => assert!(
                matches!(e.kind, ErrorKind::Indeterminate | ErrorKind::Unavailable),
                "{e}"
            ),
        }
    }
    acknowledged
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_serves_while_each_node_in_turn_is_killed_or_frozen() {
    within(async {
        let server = Server::started(&["etcd", "--nodes", "3"]).await;
        let mut options = options(server.endpoints());
        options.timeout = Duration::from_secs(6);
        let kv = open(&options).await;
        let mut watch = kv.watch(key("n"), WatchStart::Now).await.unwrap();
        let stop = Instant::now() + Duration::from_secs(24);
        let writer = tokio::spawn(write(kv.clone(), stop));
        let watcher = tokio::spawn(async move {
            let mut seen = BTreeMap::new();
            loop {
                match next(&mut watch).await {
                    Batch::Events { revision, events } => {
                        let Some(Event::Put(entry)) = events.into_iter().next() else {
                            panic!("only puts");
                        };
                        let value = String::from_utf8(entry.value.to_vec()).unwrap();
                        let last = value == "end";
                        assert!(seen.insert(revision, value).is_none(), "told twice");
                        if last {
                            return seen;
                        }
                    }
                    Batch::Snapshot { reason, .. } => assert_eq!(reason, SnapshotReason::Started),
                    _ => {}
                }
            }
        });
        for node in 0..3 {
            server.kill(node);
            tokio::time::sleep(Duration::from_secs(3)).await;
            server.restart(node);
            server.freeze(node);
            tokio::time::sleep(Duration::from_secs(3)).await;
            server.thaw(node);
        }
        let acknowledged = writer.await.unwrap();
        assert!(
            acknowledged.len() > 100,
            "only {} writes",
            acknowledged.len()
        );
        kv.put(key("n"), "end", None).await.unwrap();
        let seen = watcher.await.unwrap();
        for (revision, value) in &acknowledged {
            assert_eq!(seen.get(revision), Some(value), "lost: {revision:?}");
        }
    })
    .await;
}
