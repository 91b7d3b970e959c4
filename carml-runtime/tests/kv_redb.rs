//! What the embedded store promises.
#![cfg(feature = "redb")]
#![allow(clippy::unwrap_used, missing_docs)]

use std::{path::Path, time::Duration};

use carml_runtime::kv::{redb::Redb, *};
use futures_util::StreamExt;

fn key(text: &str) -> Key {
    Key::parse(text).unwrap()
}
fn open(path: &Path) -> Kv {
    Kv::new(Redb::open(path, "test").unwrap(), Duration::from_secs(5))
}
async fn reopen(kv: Kv, path: &Path) -> Kv {
    kv.close().await.unwrap();
    open(path)
}
async fn next(stream: &mut WatchStream) -> Batch {
    tokio::time::timeout(Duration::from_secs(5), stream.next())
        .await
        .unwrap()
        .unwrap()
        .unwrap()
}

#[test]
fn keys_are_canonical_or_refused() {
    assert_eq!(key("/a/b/").as_str(), "a/b");
    assert_eq!(key("a~/~").as_str(), "a~/~");
    for bad in [
        "",
        "/",
        "a//b",
        "a/./b",
        "..",
        "~/x",
        "a\u{1}b",
        &"x".repeat(1025),
        &"x/".repeat(65),
    ] {
        assert_eq!(
            Key::parse(bad).unwrap_err().kind,
            ErrorKind::InvalidKey,
            "{bad:?}"
        );
    }
}

#[tokio::test]
async fn reads_writes_lists_and_siblings() {
    let dir = tempfile::tempdir().unwrap();
    let kv = open(&dir.path().join("kv"));
    for k in ["foo", "foo/a", "foo/b/c", "foobar", "foo0"] {
        kv.put(key(k), k.to_owned(), None).await.unwrap();
    }
    kv.put(key("empty"), "", None).await.unwrap();
    assert_eq!(kv.get(&key("empty")).await.unwrap().unwrap().value.len(), 0);
    assert!(kv.get(&key("none")).await.unwrap().is_none());
    let first = kv
        .list(
            None,
            ListOptions {
                limit: 4,
                ..Default::default()
            },
        )
        .await
        .unwrap();
    assert_eq!(first.entries.len(), 4);
    let rest = kv
        .list(
            None,
            ListOptions {
                after: first.next,
                ..Default::default()
            },
        )
        .await
        .unwrap();
    assert_eq!((rest.entries.len(), rest.next), (2, None));
    assert_eq!(kv.delete_tree(key("foo")).await.unwrap(), 2);
    for k in ["foo", "foobar", "foo0"] {
        assert!(kv.exists(&key(k)).await.unwrap(), "{k}");
    }
    assert!(kv.delete(key("foo")).await.unwrap());
    assert!(!kv.delete(key("foo")).await.unwrap());
    let e = kv
        .put(key("big"), vec![0; MAX_VALUE + 1], None)
        .await
        .unwrap_err();
    assert_eq!((e.kind, e.applied), (ErrorKind::TooLarge, Applied::No));
}

#[tokio::test]
async fn compare_and_set_survives_delete_and_reopen() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("kv");
    let kv = open(&path);
    let r1 = kv.atomic_put(key("k"), "1", None, None).await.unwrap();
    assert_eq!(
        kv.atomic_put(key("k"), "2", None, None)
            .await
            .unwrap_err()
            .kind,
        ErrorKind::Conflict
    );
    kv.atomic_delete(key("k"), r1).await.unwrap();
    let r2 = kv.put(key("k"), "1", None).await.unwrap();
    let kv = reopen(kv, &path).await;
    assert_eq!(
        kv.atomic_put(key("k"), "x", Some(r1), None)
            .await
            .unwrap_err()
            .kind,
        ErrorKind::Conflict
    );
    let r3 = kv.atomic_put(key("k"), "x", Some(r2), None).await.unwrap();
    assert!(r1 < r2 && r2 < r3);
    assert_eq!(
        Redb::open(&path, "test").err().unwrap().kind,
        ErrorKind::Busy
    );
}

#[tokio::test]
async fn watch_delivers_every_change_and_resumes_after_a_reopen() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("kv");
    let kv = open(&path);
    let mut watch = kv.watch_tree(Some(key("d")), From::Now).await.unwrap();
    assert!(
        matches!(next(&mut watch).await, Batch::Snapshot { entries, reason: Reason::Started, .. } if entries.is_empty())
    );
    let r = kv.put(key("d/a"), "1", None).await.unwrap();
    kv.put(key("dd"), "no", None).await.unwrap();
    kv.delete(key("d/a")).await.unwrap();
    assert!(matches!(next(&mut watch).await, Batch::Events { revision, .. } if revision == r));
    let gone = vec![Event::Delete {
        key: key("d/a"),
        cause: Cause::Explicit,
    }];
    assert!(matches!(next(&mut watch).await, Batch::Events { events, .. } if events == gone));
    let kv = reopen(kv, &path).await;
    assert!(watch.next().await.is_none(), "close ends the stream");
    let mut watch = kv
        .watch_tree(Some(key("d")), From::Revision(r))
        .await
        .unwrap();
    assert!(matches!(next(&mut watch).await, Batch::Events { events, .. } if events == gone));
}

#[tokio::test]
async fn slow_consumer_is_resynced() {
    let dir = tempfile::tempdir().unwrap();
    let kv = open(&dir.path().join("kv"));
    let mut watch = kv.watch(key("k"), From::Now).await.unwrap();
    next(&mut watch).await;
    let writes = (0..1500).map(|i| kv.put(key("k"), i.to_string(), None));
    futures_util::future::try_join_all(writes).await.unwrap();
    let lagged = next(&mut watch).await;
    assert!(
        matches!(
            lagged,
            Batch::Snapshot {
                reason: Reason::Lagged,
                ..
            }
        ),
        "{lagged:?}"
    );
    kv.put(key("k"), "after", None).await.unwrap();
    assert!(matches!(next(&mut watch).await, Batch::Events { .. }));
}

#[tokio::test]
async fn leases_end_with_an_event_and_survive_a_reopen() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("kv");
    let kv = open(&path);
    let mut watch = kv.watch(key("k"), From::Now).await.unwrap();
    next(&mut watch).await;
    let lease = kv.lease(Duration::from_millis(300)).await.unwrap();
    kv.put(key("k"), "v", Some(lease.id())).await.unwrap();
    next(&mut watch).await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert!(kv.exists(&key("k")).await.unwrap(), "renewed");
    drop(lease);
    let end = next(&mut watch).await;
    assert!(
        matches!(&end, Batch::Events { events, .. } if matches!(events[..], [Event::Delete { cause: Cause::Expired, .. }])),
        "{end:?}"
    );
    assert!(!kv.exists(&key("k")).await.unwrap());
    let lease = kv.lease(Duration::from_millis(200)).await.unwrap();
    kv.put(key("k"), "v", Some(lease.id())).await.unwrap();
    let kv = reopen(kv, &path).await;
    lease.lost().await;
    assert!(kv.exists(&key("k")).await.unwrap());
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!kv.exists(&key("k")).await.unwrap());
}

#[tokio::test]
async fn locks_fence_and_cancelled_waits_leave_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = std::sync::Arc::new(Redb::open(dir.path().join("kv"), "test").unwrap());
    use carml_runtime::kv::contract::{Lock as _, Transaction as _, Watch as _};
    let first = store.acquire(key("l")).await.unwrap();
    assert_eq!(
        store.try_acquire(key("l")).await.unwrap_err().kind,
        ErrorKind::Busy
    );
    for _ in 0..1000 {
        let short = Duration::from_micros(1);
        assert!(
            tokio::time::timeout(short, store.acquire(key("l")))
                .await
                .is_err()
        );
        drop(tokio::time::timeout(short, store.watch(key("k"), From::Now)).await);
    }
    let fenced = Txn::new().require(&first).put(key("x"), "1");
    store.commit(fenced.clone()).await.unwrap();
    let token = first.token();
    first.release();
    let second = store.acquire(key("l")).await.unwrap();
    assert!(second.token() > token);
    assert_eq!(
        store.commit(fenced).await.unwrap_err().kind,
        ErrorKind::LockLost
    );
    drop(second);
    assert_eq!(store.open_handles(), (0, 0));
}

#[tokio::test]
async fn a_detached_lease_lives_by_its_name() {
    let dir = tempfile::tempdir().unwrap();
    let kv = open(&dir.path().join("kv"));
    let ttl = Duration::from_millis(400);
    let lease = kv.lease(ttl).await.unwrap();
    kv.put(key("k"), "v", Some(lease.id())).await.unwrap();
    let id = lease.detach();
    for _ in 0..4 {
        tokio::time::sleep(ttl / 2).await;
        assert_eq!(kv.keep_alive(id).await.unwrap(), ttl);
    }
    assert!(kv.exists_with(&key("k"), Consistency::Stale).await.unwrap());
    tokio::time::sleep(ttl * 2).await;
    assert!(
        kv.get_with(&key("k"), Consistency::Stale)
            .await
            .unwrap()
            .is_none(),
        "nobody renews it"
    );
    let lost = kv.keep_alive(id).await.unwrap_err();
    assert_eq!((lost.kind, lost.op), (ErrorKind::LeaseLost, "keep_alive"));
    let lost = kv.revoke(id).await.unwrap_err();
    assert_eq!((lost.kind, lost.op), (ErrorKind::LeaseLost, "revoke"));

    let lease = kv.lease(ttl).await.unwrap();
    kv.put(key("k"), "v", Some(lease.id())).await.unwrap();
    kv.revoke(lease.id()).await.unwrap();
    lease.lost().await;
    assert!(!kv.exists(&key("k")).await.unwrap());
}

#[test]
fn a_directory_may_be_the_whole_namespace() {
    assert_eq!(Key::parse_dir("").unwrap(), None);
    assert_eq!(Key::parse_dir("/").unwrap(), None);
    assert_eq!(Key::parse_dir("/a/b/").unwrap(), Some(key("a/b")));
    assert_eq!(
        Key::parse_dir("a//b").unwrap_err().kind,
        ErrorKind::InvalidKey
    );
}
