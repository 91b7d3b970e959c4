//! ZooKeeper with servers that are killed, frozen and cut off.
#![allow(clippy::unwrap_used)]

use std::{
    collections::BTreeMap,
    io::Write as _,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use carml_runtime::kv::{
    Applied, Batch, ErrorKind, Event, Kv, Revision, SnapshotReason, Txn, WatchStart, WatchStatus,
    WatchStream,
    zookeeper::{Options, Zookeeper},
};
use carml_test_conformance::{
    Proxy, Server,
    faults::{self, failed},
    inspect::zookeeper as ask,
    key, within,
};
use futures_util::StreamExt as _;

const TIMEOUT: Duration = Duration::from_secs(2);

fn options(endpoints: Vec<String>) -> Options {
    let mut options = Options::new(endpoints);
    options.timeout = TIMEOUT;
    options.lock_ttl = Duration::from_secs(3);
    options
}

async fn open(options: &Options) -> Kv {
    Kv::new(Zookeeper::connect(options).await.unwrap(), options.timeout)
}

async fn next(watch: &mut WatchStream) -> Batch {
    let batch = tokio::time::timeout(Duration::from_secs(30), watch.next());
    batch.await.expect("a batch in time").unwrap().unwrap()
}

/// Follows a watch until a key has this value; the reasons of the snapshots on the way.
async fn until(watch: &mut WatchStream, name: &str, value: &str) -> Vec<SnapshotReason> {
    let (mut reasons, mut last) = (Vec::new(), Revision(0));
    loop {
        let entries = match next(watch).await {
            Batch::Snapshot {
                entries, reason, ..
            } => {
                reasons.push(reason);
                entries
            }
            Batch::Events { revision, events } => {
                assert!(revision >= last, "{revision:?} after {last:?}");
                last = revision;
                let puts = events.into_iter().filter_map(|event| match event {
                    Event::Put(entry) => Some(entry),
                    Event::Delete { .. } => None,
                });
                puts.collect()
            }
            _ => Vec::new(),
        };
        if entries
            .iter()
            .any(|e| e.key == key(name) && e.value == value)
        {
            return reasons;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_to_a_lost_server_ends_in_time_and_says_whether_it_was_applied() {
    within(async {
        let server = Server::started(&["zookeeper"]).await;
        let kv = open(&options(server.endpoints())).await;
        kv.put(key("k"), "before", None).await.unwrap();
        let mut watch = kv.watch(key("k"), WatchStart::Now).await.unwrap();
        assert!(matches!(next(&mut watch).await, Batch::Snapshot { .. }));

        server.freeze(0);
        let start = Instant::now();
        let put = kv.put(key("k"), "frozen", None).await;
        assert_eq!(failed(put), (ErrorKind::Indeterminate, Applied::Maybe));
        assert!(start.elapsed() <= TIMEOUT, "{:?}", start.elapsed());
        let start = Instant::now();
        let get = kv.get(&key("k")).await;
        assert_eq!(failed(get), (ErrorKind::Unavailable, Applied::No));
        assert!(start.elapsed() <= TIMEOUT, "{:?}", start.elapsed());
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
        until(&mut watch, "k", "after").await;
    })
    .await;
}

/// Accepts connections and sends this to each.
fn impostor(greeting: &'static [u8]) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        let mut open = Vec::new();
        for mut stream in listener.incoming().flatten() {
            let _ = stream.write_all(greeting);
            if greeting.is_empty() {
                open.push(stream);
            }
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_server_at_start_is_an_error_in_time_that_says_why() {
    within(async {
        for (endpoint, why) in [
            ("127.0.0.1:1".to_owned(), "cannot connect"),
            ("no-such-host.invalid".to_owned(), "does not resolve"),
            (impostor(b""), "does not answer"),
            (
                impostor(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
                "like ZooKeeper",
            ),
        ] {
            let start = Instant::now();
            let connected = Zookeeper::connect(&options(vec![endpoint.clone()])).await;
            let error = connected.err().unwrap();
            assert_eq!(error.kind, ErrorKind::Unavailable, "{error}");
            let text = error.to_string();
            assert!(text.contains(&endpoint) && text.contains(why), "{text}");
            assert!(start.elapsed() <= TIMEOUT, "{error}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_connection_loses_no_state_and_repeats_no_write() {
    within(async {
        let server = Server::started(&["zookeeper"]).await;
        let direct = open(&options(server.endpoints())).await;
        let proxy = Proxy::start(&server.endpoints()[0]).await;
        let kv = open(&options(vec![proxy.address()])).await;
        let mut watch = kv.watch_tree(None, WatchStart::Now).await.unwrap();
        let mut made = BTreeMap::new();
        for n in 0..200 {
            if n % 20 == 0 {
                proxy.cut();
            }
            direct.put(key("n"), n.to_string(), None).await.unwrap();
            let own = key(&format!("own/{n}"));
            match kv.put(own.clone(), "v", None).await {
                Ok(revision) => drop(made.insert(own, revision)),
                Err(e) => assert_ne!(e.applied, Applied::Yes, "{e}"),
            }
        }
        assert!(made.len() > 100, "only {} writes", made.len());
        direct.put(key("n"), "end", None).await.unwrap();
        until(&mut watch, "n", "end").await;
        for (own, revision) in made {
            let entry = direct.get(&own).await.unwrap().unwrap();
            assert_eq!(entry.revision, revision, "{own} was written again");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_expired_is_replaced() {
    within(async {
        let server = Server::started(&["zookeeper"]).await;
        let direct = open(&options(server.endpoints())).await;
        let proxy = Proxy::start(&server.endpoints()[0]).await;
        let kv = open(&options(vec![proxy.address()])).await;
        let mut watch = kv.watch_tree(None, WatchStart::Now).await.unwrap();
        let guard = kv.acquire(key("l")).await.unwrap();
        let lease = kv.lease(Duration::from_secs(3)).await.unwrap();
        kv.put(key("leased"), "v", Some(lease.id())).await.unwrap();
        until(&mut watch, "leased", "v").await;

        proxy.silence();
        direct.put(key("k"), "1", None).await.unwrap();
        guard.lost().await;
        lease.lost().await;
        drop(direct.acquire(key("l")).await.unwrap());
        let deadline = Instant::now() + Duration::from_secs(10);
        while direct.exists(&key("leased")).await.unwrap() {
            assert!(Instant::now() < deadline, "the key outlives its session");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        proxy.resume();
        let Batch::Snapshot {
            entries, reason, ..
        } = next(&mut watch).await
        else {
            panic!("expected a snapshot");
        };
        assert_eq!(entries.len(), 1, "{entries:?}");
        assert!(
            matches!(
                reason,
                SnapshotReason::SessionExpired | SnapshotReason::Disconnected
            ),
            "{reason:?}"
        );
        kv.put(key("k"), "2", None).await.unwrap();
        until(&mut watch, "k", "2").await;
        let late = Txn::new().require(&guard).put(key("k"), "late");
        assert_eq!(kv.commit(late).await.unwrap_err().kind, ErrorKind::LockLost);
        let put = kv.put(key("leased"), "v", Some(lease.id())).await;
        assert_eq!(put.unwrap_err().kind, ErrorKind::LeaseLost);
        let again = kv.acquire(key("l")).await.unwrap();
        assert!(again.token() > guard.token());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_and_a_lock_are_lost_by_the_own_clock() {
    let open = async |endpoints| open(&options(endpoints)).await;
    faults::a_lease_and_a_lock_are_lost_by_the_own_clock("zookeeper", open).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelled_waits_leave_nothing_in_the_store() {
    within(async {
        let server = Server::started(&["zookeeper"]).await;
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
        // Both queues are empty: whoever comes now is the first.
        drop(kv.acquire(key("l")).await.unwrap());
        drop(kv.campaign(key("e"), "v").await.unwrap());
        let deadline = Instant::now() + Duration::from_secs(5);
        while ask(&server.endpoints()[0], "dump").contains("/~/") {
            assert!(
                Instant::now() < deadline,
                "{}",
                ask(&server.endpoints()[0], "dump")
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        kv.close().await.unwrap();
        let deadline = Instant::now() + Duration::from_secs(2);
        while !ask(&server.endpoints()[0], "dump").contains("Sessions with Ephemerals (0)")
            || !ask(&server.endpoints()[0], "cons")
                .trim()
                .lines()
                .all(|line| line.contains("queued=0"))
        {
            assert!(
                Instant::now() < deadline,
                "{}",
                ask(&server.endpoints()[0], "dump")
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unread_watch_lags_and_gets_the_whole_state() {
    within(async {
        let server = Server::started(&["zookeeper"]).await;
        let mut options = options(server.endpoints());
        options.timeout = Duration::from_secs(20);
        options.lock_ttl = Duration::from_secs(10);
        let kv = open(&options).await;
        let mut watch = kv.watch_tree(None, WatchStart::Now).await.unwrap();
        let lagging = WatchStatus::Resyncing(SnapshotReason::Lagged);
        let mut status = watch.status();
        let mut keys = 0;
        // The watch may begin again in between: then it lags later.
        loop {
            let puts = (keys..keys + 1100).map(|n| kv.put(key(&format!("k{n}")), "v", None));
            // All at once, the last would wait for all others within its own timeout.
            let puts = futures_util::stream::iter(puts).buffer_unordered(64);
            let put: Vec<_> = puts.collect().await;
            assert!(
                put.iter().all(Result::is_ok),
                "{:?}",
                put.iter().find(|p| p.is_err())
            );
            keys += put.len();
            let lagged = async { while status.next().await.unwrap() != lagging {} };
            if tokio::time::timeout(Duration::from_secs(5), lagged)
                .await
                .is_ok()
            {
                break;
            }
        }
        loop {
            if let Batch::Snapshot {
                entries,
                reason: SnapshotReason::Lagged,
                ..
            } = next(&mut watch).await
            {
                assert_eq!(entries.len(), keys);
                break;
            }
        }
        kv.put(key("end"), "v", None).await.unwrap();
        until(&mut watch, "end", "v").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_key_is_not_taken_for_its_successor() {
    within(async {
        let server = Server::started(&["zookeeper"]).await;
        let kv = open(&options(server.endpoints())).await;
        for round in 0..20 {
            let lease = kv.lease(Duration::from_secs(2)).await.unwrap();
            let name = key(&format!("k{round}"));
            let old = kv.put(name.clone(), "old", Some(lease.id())).await.unwrap();
            // Both nodes have the version 0.
            let (revoked, put) = tokio::join!(
                lease.revoke(),
                kv.atomic_put(name.clone(), "cas", Some(old), None)
            );
            revoked.unwrap();
            match put {
                Ok(revision) => {
                    let entry = kv.get(&name).await.unwrap().unwrap();
                    assert_eq!((entry.revision, entry.lease), (revision, None));
                }
                Err(e) => {
                    assert_eq!(e.kind, ErrorKind::Conflict, "{e}");
                    assert!(!kv.exists(&name).await.unwrap());
                }
            }
        }
    })
    .await;
}

/// A successful write: the revision that it replaced, if it compared, and its own.
type Write = (Option<Revision>, Revision);

/// Removes and makes a key, so that its node is a new one with the same version.
async fn renew(kv: Kv, stop: Instant) -> Vec<Write> {
    let mut made = Vec::new();
    while Instant::now() < stop {
        let _ = kv.delete(key("k")).await;
        if let Ok(revision) = kv.atomic_put(key("k"), "new", None, None).await {
            made.push((None, revision));
        }
    }
    made
}

/// Replaces what it has read.
async fn replace(kv: Kv, stop: Instant) -> Vec<Write> {
    let mut made = Vec::new();
    while Instant::now() < stop {
        let Ok(Some(entry)) = kv.get(&key("k")).await else {
            continue;
        };
        let expected = Some(entry.revision);
        if let Ok(revision) = kv.atomic_put(key("k"), "set", expected, None).await {
            made.push((expected, revision));
        }
    }
    made
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_written_between_a_compare_and_its_set() {
    within(async {
        let server = Server::started(&["zookeeper"]).await;
        let stop = Instant::now() + Duration::from_secs(8);
        let mut tasks = Vec::new();
        for _ in 0..4 {
            let (one, other) = (
                open(&options(server.endpoints())).await,
                open(&options(server.endpoints())).await,
            );
            tasks.push(tokio::spawn(renew(one, stop)));
            tasks.push(tokio::spawn(replace(other, stop)));
        }
        let mut made = Vec::new();
        for task in tasks {
            made.extend(task.await.unwrap());
        }
        made.sort_by_key(|(_, revision)| *revision);
        let swaps = made
            .windows(2)
            .filter_map(|pair| Some((pair[0].1, pair[1].0?)));
        let swaps: Vec<_> = swaps.collect();
        for (before, expected) in &swaps {
            assert_eq!(before, expected, "another write was replaced unseen");
        }
        assert!(swaps.len() > 50, "only {} of {}", swaps.len(), made.len());
    })
    .await;
}

/// Takes the lock again and again, and counts under it; how often that was acknowledged.
async fn count(kv: Kv, stop: Instant, tokens: Arc<Mutex<Vec<(u64, Instant, Instant)>>>) -> u64 {
    let mut counted = 0;
    while Instant::now() < stop {
        let Ok(Ok(guard)) = tokio::time::timeout_at(stop.into(), kv.acquire(key("l"))).await else {
            continue;
        };
        let acquired = Instant::now();
        let Ok(now) = kv.get(&key("n")).await else {
            continue;
        };
        let number = now.map_or(0, |e| {
            String::from_utf8_lossy(&e.value).parse::<u64>().unwrap()
        });
        let write = Txn::new()
            .require(&guard)
            .put(key("n"), (number + 1).to_string());
        match kv.commit(write).await {
            Ok(_) => counted += 1,
            // May have been counted.
            Err(e) if e.applied == Applied::Maybe => counted += 1_000_000,
            Err(_) => {}
        }
        let until = guard.valid_until().unwrap().min(Instant::now());
        tokens
            .lock()
            .unwrap()
            .push((guard.token(), acquired, until));
    }
    counted
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_has_one_holder_while_nodes_are_killed_and_frozen() {
    within(async {
        let server = Server::started(&["zookeeper", "--nodes", "3"]).await;
        let stop = Instant::now() + Duration::from_secs(24);
        let held = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = Vec::new();
        let mut options = options(server.endpoints());
        options.timeout = Duration::from_secs(6);
        options.lock_ttl = Duration::from_secs(4);
        for _ in 0..3 {
            let kv = open(&options).await;
            tasks.push(tokio::spawn(count(kv, stop, held.clone())));
        }
        for node in 0..3 {
            server.freeze(node);
            tokio::time::sleep(Duration::from_secs(5)).await;
            server.thaw(node);
            server.kill(node);
            tokio::time::sleep(Duration::from_secs(1)).await;
            server.restart(node);
        }
        let mut counted = 0;
        for task in tasks {
            counted += task.await.unwrap();
        }
        let (certain, open_ones) = (counted % 1_000_000, counted / 1_000_000);
        let kv = open(&options).await;
        let value = kv.get(&key("n")).await.unwrap().unwrap().value;
        let total: u64 = std::str::from_utf8(&value).unwrap().parse().unwrap();
        assert!(
            certain <= total && total <= certain + open_ones,
            "{total} counted, {certain} and perhaps {open_ones} more acknowledged"
        );
        let mut held = held.lock().unwrap().clone();
        held.sort_by_key(|(_, acquired, _)| *acquired);
        assert!(held.len() > 20, "only {} holders", held.len());
        for pair in held.windows(2) {
            let ((before, _, until), (after, acquired, _)) = (pair[0], pair[1]);
            assert!(until <= acquired, "two holders at a time");
            assert!(after > before, "tokens do not rise");
        }
    })
    .await;
}

/// Writes until told to stop; the revisions that were acknowledged.
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
async fn an_ensemble_serves_while_each_node_in_turn_is_killed_or_frozen() {
    within(async {
        let server = Server::started(&["zookeeper", "--nodes", "3"]).await;
        let mut options = options(server.endpoints());
        options.timeout = Duration::from_secs(6);
        options.lock_ttl = Duration::from_secs(6);
        let kv = open(&options).await;
        let mut watch = kv.watch(key("n"), WatchStart::Now).await.unwrap();
        let stop = Instant::now() + Duration::from_secs(30);
        let writer = tokio::spawn(write(kv.clone(), stop));
        let watcher = tokio::spawn(async move { until(&mut watch, "n", "end").await });
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
        assert!(
            acknowledged
                .values()
                .is_sorted_by_key(|value| value.parse::<u64>().unwrap()),
            "revisions do not rise"
        );
        let last = kv.get(&key("n")).await.unwrap().unwrap();
        let (revision, value) = acknowledged.last_key_value().unwrap();
        // A write without an answer may have been applied later.
        assert!(
            last.revision > *revision || last.value == value.as_bytes(),
            "lost"
        );
        kv.put(key("n"), "end", None).await.unwrap();
        watcher.await.unwrap();
    })
    .await;
}
