//! Consul with servers that are killed, frozen and cut off, and with revisions that begin again.
#![allow(clippy::unwrap_used)]

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use carml_runtime::kv::{
    Applied, Batch, ErrorKind, Event, Key, Kv, ListOptions, Revision, SnapshotReason, WatchStart,
    WatchStatus,
    consul::{Consul, Options},
};
use carml_test_conformance::{
    Proxy, Server,
    faults::{self, failed, next, next_value},
    inspect, key, within,
};
use futures_util::StreamExt as _;

const TIMEOUT: Duration = Duration::from_secs(2);

fn options(endpoints: Vec<String>) -> Options {
    let mut options = Options::new(endpoints);
    options.timeout = TIMEOUT;
    options.lock_ttl = Duration::from_secs(3);
    options.lock_delay = Duration::from_secs(4);
    options
}

async fn open(options: &Options) -> Kv {
    Kv::new(Consul::connect(options).await.unwrap(), options.timeout)
}

/// The body of an answer of Consul's own API.
fn request(server: &Server, method: &str, path: &str, body: &[u8]) -> Vec<u8> {
    inspect::http(&server.endpoints()[0], method, path, body)
}

fn text(server: &Server, path: &str) -> String {
    String::from_utf8(request(server, "GET", path, b"")).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_to_a_lost_server_ends_in_time_and_says_whether_it_was_applied() {
    within(async {
        let server = Server::started(&["consul"]).await;
        let kv = open(&options(server.endpoints())).await;
        kv.put(key("k"), "before", None).await.unwrap();
        let mut watch = kv.watch(key("k"), WatchStart::Now).await.unwrap();
        assert!(matches!(next(&mut watch).await, Batch::Snapshot { .. }));
        let mut status = watch.status();
        assert_eq!(status.next().await, Some(WatchStatus::Live));

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
        let disconnected = WatchStatus::Resyncing(SnapshotReason::Disconnected);
        assert_eq!(status.next().await, Some(disconnected));
        server.restart(0);
        kv.put(key("k"), "after", None).await.unwrap();
        while next_value(&mut watch).await != b"after" {}
        assert_eq!(status.next().await, Some(WatchStatus::Live));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_connection_loses_no_state_and_repeats_no_write() {
    within(async {
        let server = Server::started(&["consul"]).await;
        let direct = open(&options(server.endpoints())).await;
        let proxy = Proxy::start(&server.endpoints()[0]).await;
        let kv = open(&options(vec![proxy.address()])).await;
        let mut watch = kv.watch(key("n"), WatchStart::Now).await.unwrap();
        for n in 0..200 {
            if n % 10 == 0 {
                proxy.cut();
            }
            direct.put(key("n"), n.to_string(), None).await.unwrap();
            // A repeated write would meet what it wrote.
            match kv
                .atomic_put(key(&format!("own/{n}")), "v", None, None)
                .await
            {
                Ok(_) => {}
                Err(e) => assert_ne!(e.kind, ErrorKind::Conflict, "{e}"),
            }
        }
        let last = direct.put(key("n"), "end", None).await.unwrap();
        let mut seen = Revision(0);
        while seen != last {
            if let Batch::Events { revision, .. } = next(&mut watch).await {
                assert!(revision > seen, "a batch came twice");
                seen = revision;
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn revisions_that_begin_again_are_a_snapshot() {
    within(async {
        let server = Server::started(&["consul"]).await;
        let kv = open(&options(server.endpoints())).await;
        kv.put(key("old"), "1", None).await.unwrap();
        let backup = request(&server, "GET", "/v1/snapshot", b"");
        for n in 0..10 {
            kv.put(key("new"), n.to_string(), None).await.unwrap();
        }
        let mut watch = kv.watch_tree(None, WatchStart::Now).await.unwrap();
        let first = next(&mut watch).await;
        assert!(matches!(&first, Batch::Snapshot { entries, .. } if entries.len() == 2));
        request(&server, "PUT", "/v1/snapshot", &backup);
        let batch = next(&mut watch).await;
        let Batch::Snapshot {
            entries, reason, ..
        } = batch
        else {
            panic!("{batch:?}");
        };
        assert_eq!((entries.len(), reason), (1, SnapshotReason::IndexReset));
        let after = kv.put(key("old"), "2", None).await.unwrap();
        let batch = next(&mut watch).await;
        assert!(
            matches!(batch, Batch::Events { revision, .. } if revision == after),
            "{batch:?}"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_and_a_lock_are_lost_by_the_own_clock() {
    let open = async |endpoints| open(&options(endpoints)).await;
    faults::a_lease_and_a_lock_are_lost_by_the_own_clock("consul", open).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_consul_ends_early_leaves_its_holder_alone_until_it_knows() {
    within(async {
        let server = Server::started(&["consul"]).await;
        let kv = open(&options(server.endpoints())).await;
        let guard = kv.acquire(key("l")).await.unwrap();
        let sessions = text(&server, "/v1/session/list");
        let (_, session) = sessions.split_once("\"ID\":\"").unwrap();
        let path = format!("/v1/session/destroy/{}", &session[..36]);
        assert_eq!(request(&server, "PUT", &path, b""), b"true");
        let until = guard.valid_until().unwrap();
        let other = open(&options(server.endpoints())).await;
        let second = other.acquire(key("l")).await.unwrap();
        assert!(Instant::now() > until, "two holders at a time");
        assert!(second.token() > guard.token());
        guard.lost().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelled_waits_leave_nothing_in_the_store() {
    within(async {
        let server = Server::started(&["consul"]).await;
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
        assert_eq!(text(&server, "/v1/kv/carml?keys"), "");
        assert_eq!(text(&server, "/v1/session/list"), "[]");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hundreds_of_watches_that_come_and_go_leave_connections_for_others() {
    within(async {
        let server = Server::started(&["consul"]).await;
        let kv = open(&options(server.endpoints())).await;
        let mut open = Vec::new();
        for n in 0..1000 {
            let watch = kv.watch(key("k"), WatchStart::Now).await.unwrap();
            if n % 2 == 0 {
                open.push(watch);
            }
        }
        kv.put(key("k"), "v", None).await.unwrap();
        for watch in &mut open {
            assert_eq!(next_value(watch).await, b"v");
        }
    })
    .await;
}

/// Writes to several keys until told to stop; the last acknowledged write of each.
async fn write(kv: Kv, stop: Instant) -> (usize, BTreeMap<Key, (Revision, String)>) {
    let (mut acknowledged, mut last) = (0, BTreeMap::new());
    for n in 0.. {
        if Instant::now() >= stop {
            break;
        }
        let (key, value) = (key(&format!("n/{}", n % 7)), n.to_string());
        match kv.put(key.clone(), value.clone(), None).await {
            Ok(revision) => {
                acknowledged += 1;
                let before = last.insert(key, (revision, value));
                assert!(before.is_none_or(|(before, _)| before < revision));
            }
            Err(e) => assert!(
                matches!(e.kind, ErrorKind::Indeterminate | ErrorKind::Unavailable),
                "{e}"
            ),
        }
    }
    (acknowledged, last)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_serves_while_each_node_in_turn_is_killed_or_frozen() {
    within(async {
        let server = Server::started(&["consul", "--nodes", "3"]).await;
        let mut options = options(server.endpoints());
        options.timeout = Duration::from_secs(6);
        let kv = open(&options).await;
        let mut watch = kv
            .watch_tree(Some(key("n")), WatchStart::Now)
            .await
            .unwrap();
        let stop = Instant::now() + Duration::from_secs(24);
        let writer = tokio::spawn(write(kv.clone(), stop));
        let watcher = tokio::spawn(async move {
            let (mut state, mut last) = (BTreeMap::new(), Revision(0));
            while !state.contains_key(&key("n/end")) {
                match next(&mut watch).await {
                    Batch::Events { revision, events } => {
                        assert!(revision > last, "a batch came twice");
                        last = revision;
                        for event in events {
                            let Event::Put(entry) = event else {
                                panic!("only puts");
                            };
                            state.insert(entry.key, (entry.revision, entry.value));
                        }
                    }
                    Batch::Snapshot { reason, .. } => assert_eq!(reason, SnapshotReason::Started),
                    _ => {}
                }
            }
            state
        });
        for node in 0..3 {
            server.kill(node);
            tokio::time::sleep(Duration::from_secs(3)).await;
            server.restart(node);
            server.freeze(node);
            tokio::time::sleep(Duration::from_secs(3)).await;
            server.thaw(node);
        }
        let (acknowledged, last) = writer.await.unwrap();
        assert!(acknowledged > 100, "only {acknowledged} writes");
        // A leader may still be elected.
        while kv.put(key("n/end"), "", None).await.is_err() {}
        let page = kv
            .list(Some(key("n")), ListOptions::default())
            .await
            .unwrap();
        let entries = page.entries.into_iter();
        let stored: BTreeMap<_, _> = entries.map(|e| (e.key, (e.revision, e.value))).collect();
        for (key, (revision, value)) in last {
            let (stored_at, stored) = &stored[&key];
            assert!(*stored_at >= revision, "lost: {key} {revision:?}");
            assert!(
                *stored_at > revision || *stored == value,
                "lost: {key} {value}"
            );
        }
        assert_eq!(watcher.await.unwrap(), stored);
    })
    .await;
}
