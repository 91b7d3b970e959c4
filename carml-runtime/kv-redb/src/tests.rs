//! What the store does when its disk, its thread or its rows fail.
#![allow(clippy::unwrap_used)]

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use ::redb::{Database, StorageBackend, TableDefinition, backends::InMemoryBackend};
use futures_util::{StreamExt, future::join_all};

use super::Redb;
use carml_kv::{Applied, Batch, ErrorKind, Key, Kv, SnapshotReason, WatchStart, WatchStream};

const SOUND: u8 = 0;
const BROKEN: u8 = 1;
const FULL: u8 = 2;
const PANICS: u8 = 3;
/// Reads, but does not write.
const WORN: u8 = 4;

/// A disk in memory that fails when it is told to.
#[derive(Clone, Debug)]
struct Disk(Arc<(InMemoryBackend, AtomicU8)>);

impl Disk {
    fn new() -> Disk {
        Disk(Arc::new((InMemoryBackend::new(), AtomicU8::new(SOUND))))
    }
    fn becomes(&self, state: u8) {
        self.0.1.store(state, Ordering::Relaxed);
    }
    fn writable(&self) -> io::Result<&InMemoryBackend> {
        match self.0.1.load(Ordering::Relaxed) {
            WORN => Err(io::Error::other("the disk does not write")),
            _ => self.check(),
        }
    }
    fn check(&self) -> io::Result<&InMemoryBackend> {
        match self.0.1.load(Ordering::Relaxed) {
            BROKEN => Err(io::Error::other("the disk is broken")),
            FULL => Err(io::ErrorKind::StorageFull.into()),
            PANICS => panic!("the disk is told to panic"),
            _ => Ok(&self.0.0),
        }
    }
    fn open(&self) -> Kv {
        let db = Database::builder()
            .set_cache_size(0)
            .create_with_backend(self.clone())
            .unwrap();
        Kv::new(Redb::on(db, "test").unwrap(), Duration::from_secs(5))
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        self.check()?.len()
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.check()?.read(offset, out)
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.writable()?.set_len(len)
    }
    fn sync_data(&self) -> io::Result<()> {
        self.writable()?.sync_data()
    }
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.writable()?.write(offset, data)
    }
}

fn key(text: &str) -> Key {
    Key::parse(text).unwrap()
}

async fn soon<T>(what: impl Future<Output = T>) -> T {
    let soon = tokio::time::timeout(Duration::from_secs(3), what);
    soon.await.expect("an answer, not a wait without end")
}

async fn begun(kv: &Kv) -> WatchStream {
    let mut watch = kv.watch(key("k"), WatchStart::Now).await.unwrap();
    let first = soon(watch.next()).await.unwrap().unwrap();
    assert!(matches!(
        first,
        Batch::Snapshot {
            reason: SnapshotReason::Started,
            ..
        }
    ));
    watch
}

#[tokio::test]
async fn a_failed_group_fails_each_of_its_writers() {
    let disk = Disk::new();
    let kv = disk.open();
    disk.becomes(BROKEN);
    let writes = (0..50).map(|i| kv.put(key(&format!("k{i}")), "v", None));
    for answer in soon(join_all(writes)).await {
        let e = answer.unwrap_err();
        assert!(
            matches!(
                (e.kind, e.applied),
                (ErrorKind::Unavailable, Applied::No) | (ErrorKind::Indeterminate, Applied::Maybe)
            ),
            "{e:?}"
        );
    }
}

#[tokio::test]
async fn a_failed_read_says_what_failed() {
    for (state, kind) in [
        (BROKEN, ErrorKind::Unavailable),
        (FULL, ErrorKind::Exhausted),
    ] {
        let disk = Disk::new();
        let kv = disk.open();
        kv.put(key("k"), "v", None).await.unwrap();
        disk.becomes(state);
        let e = kv.get(&key("k")).await.unwrap_err();
        assert_eq!(
            (e.kind, e.backend, e.op),
            (kind, Some("redb"), "get"),
            "{e}"
        );
        // redb refuses everything after a failure until the file is opened again.
        disk.becomes(SOUND);
        let e = kv.get(&key("k")).await.unwrap_err();
        assert_eq!(e.kind, ErrorKind::Unavailable, "{e}");
        assert!(e.to_string().contains("open it again"), "{e}");
    }
}

#[tokio::test]
async fn a_row_that_does_not_decode_is_reported() {
    let disk = Disk::new();
    let db = Database::builder()
        .create_with_backend(disk.clone())
        .unwrap();
    let txn = db.begin_write().unwrap();
    let data = TableDefinition::<&str, &[u8]>::new("test:data");
    let short: &[u8] = b"short";
    txn.open_table(data).unwrap().insert("k", short).unwrap();
    txn.commit().unwrap();
    drop(db);
    let kv = disk.open();
    let kinds = [
        kv.get(&key("k")).await.unwrap_err().kind,
        kv.exists(&key("k")).await.unwrap_err().kind,
        kv.list(None, Default::default()).await.unwrap_err().kind,
        kv.watch_tree(None, WatchStart::Now)
            .await
            .err()
            .unwrap()
            .kind,
        kv.delete(key("k")).await.unwrap_err().kind,
    ];
    assert_eq!(kinds, [ErrorKind::Corrupted; 5]);
    // What does not touch it goes on.
    kv.put(key("other"), "v", None).await.unwrap();
}

#[tokio::test]
async fn a_lease_outlives_a_failed_revocation() {
    let disk = Disk::new();
    let kv = disk.open();
    let lease = kv.lease(Duration::from_secs(60)).await.unwrap();
    kv.put(key("k"), "v", Some(lease.id())).await.unwrap();
    disk.becomes(WORN);
    kv.revoke(lease.id()).await.unwrap_err();
    kv.keep_alive(lease.id()).await.unwrap();
    disk.becomes(SOUND);
    let id = lease.detach();
    kv.close().await.unwrap();
    let kv = disk.open();
    assert_eq!(kv.get(&key("k")).await.unwrap().unwrap().lease, Some(id));
    kv.revoke(id).await.unwrap();
    assert!(!kv.exists(&key("k")).await.unwrap());
}

#[tokio::test]
async fn a_holder_learns_of_the_end_although_nothing_can_be_written() {
    let disk = Disk::new();
    let kv = disk.open();
    let lease = kv.lease(Duration::from_millis(200)).await.unwrap();
    kv.put(key("k"), "v", Some(lease.id())).await.unwrap();
    disk.becomes(WORN);
    kv.put(key("other"), "v", None).await.unwrap_err();
    let id = lease.id();
    drop(lease);
    tokio::time::sleep(Duration::from_millis(300)).await;
    let e = kv.keep_alive(id).await.unwrap_err();
    assert_eq!(e.kind, ErrorKind::LeaseLost, "{e}");
    disk.becomes(SOUND);
    kv.close().await.unwrap();
    let kv = disk.open();
    let mut watch = begun(&kv).await;
    let end = soon(watch.next()).await.unwrap().unwrap();
    assert!(matches!(end, Batch::Events { .. }), "{end:?}");
    assert!(!kv.exists(&key("k")).await.unwrap());
}

#[tokio::test]
async fn a_failed_resync_ends_the_watch_with_its_error() {
    let disk = Disk::new();
    let kv = disk.open();
    let mut watch = begun(&kv).await;
    let writes = (0..1500).map(|i| kv.put(key("k"), i.to_string(), None));
    for answer in join_all(writes).await {
        answer.unwrap();
    }
    disk.becomes(BROKEN);
    let e = soon(watch.next()).await.unwrap().unwrap_err();
    assert_eq!(e.kind, ErrorKind::Unavailable, "{e}");
    assert!(soon(watch.next()).await.is_none());
}

#[tokio::test]
async fn a_panic_of_the_writer_ends_everything_that_waits() {
    let disk = Disk::new();
    let kv = disk.open();
    let mut watch = begun(&kv).await;
    let guard = kv.acquire(key("l")).await.unwrap();
    let lease = kv.lease(Duration::from_secs(60)).await.unwrap();
    disk.becomes(PANICS);
    let e = soon(kv.put(key("k"), "v", None)).await.unwrap_err();
    assert_eq!(
        (e.kind, e.applied),
        (ErrorKind::Indeterminate, Applied::Maybe),
        "{e}"
    );
    disk.becomes(SOUND);
    let e = soon(watch.next()).await.unwrap().unwrap_err();
    assert_eq!(e.kind, ErrorKind::Unavailable, "{e}");
    assert!(soon(watch.next()).await.is_none());
    soon(guard.lost()).await;
    soon(lease.lost()).await;
    let e = soon(kv.put(key("k"), "v", None)).await.unwrap_err();
    assert_eq!(
        (e.kind, e.applied),
        (ErrorKind::Unavailable, Applied::No),
        "{e}"
    );
    soon(kv.close()).await.unwrap();
}

#[tokio::test]
async fn a_lease_that_ended_before_it_was_seen_is_lost_not_an_error() {
    let kv = Disk::new().open();
    // One thread: while it is blocked, the lease is granted and ends.
    let (lease, ()) = tokio::join!(kv.lease(Duration::from_millis(1)), async {
        std::thread::sleep(Duration::from_millis(400));
    });
    soon(lease.unwrap().lost()).await;
}

#[tokio::test]
async fn closing_twice_is_closing_once() {
    let disk = Disk::new();
    let kv = disk.open();
    let (first, second) = tokio::join!(kv.close(), kv.close());
    first.unwrap();
    second.unwrap();
    kv.close().await.unwrap();
    let kinds = [
        kv.get(&key("k")).await.unwrap_err().kind,
        kv.put(key("k"), "v", None).await.unwrap_err().kind,
        kv.acquire(key("k")).await.unwrap_err().kind,
        kv.lease(Duration::from_secs(1)).await.unwrap_err().kind,
        kv.watch(key("k"), WatchStart::Now)
            .await
            .err()
            .unwrap()
            .kind,
    ];
    assert_eq!(kinds, [ErrorKind::Closed; 5]);
}

fn large(n: usize) -> (Key, Vec<u8>) {
    (key(&format!("d/{n:02}")), vec![7; 512 << 10])
}

#[tokio::test]
async fn a_large_snapshot_comes_in_pieces_of_one_state() {
    let kv = Disk::new().open();
    for (key, value) in (0..9).map(large) {
        kv.put(key, value, None).await.unwrap();
    }
    let watch = kv.watch_tree(None, WatchStart::Now).await.unwrap();
    let mut pieces = watch.pieces();
    let first = pieces.next().await.unwrap().unwrap();
    assert!(first.is_partial);
    let changed = kv.put(large(8).0, "changed", None).await.unwrap();
    kv.delete(large(7).0).await.unwrap();

    let (mut entries, mut parts) = (Vec::new(), 0);
    let mut next = Some(first);
    while let Some(piece) = next.take() {
        let Batch::Snapshot { entries: part, .. } = piece.batch else {
            panic!("expected a part of the snapshot, found {:?}", piece.batch);
        };
        let bytes: usize = part.iter().map(|entry| entry.value.len()).sum();
        assert!(bytes <= 3 << 19, "a part has {bytes} bytes");
        (entries, parts) = ([entries, part].concat(), parts + 1);
        if piece.is_partial {
            next = Some(pieces.next().await.unwrap().unwrap());
        }
    }
    assert!(parts > 3, "{parts}");
    assert_eq!(entries.len(), 9);
    assert!(entries.iter().all(|entry| entry.value.len() == 512 << 10));
    // What was changed meanwhile follows.
    let Batch::Events { revision, events } = pieces.next().await.unwrap().unwrap().batch else {
        panic!("expected the change");
    };
    assert_eq!((revision, events[0].key()), (changed, &large(8).0));
}

#[tokio::test]
async fn a_snapshot_that_nobody_reads_is_given_up_and_begins_again() {
    let kv = Disk::new().open();
    for (key, value) in (0..9).map(large) {
        kv.put(key, value, None).await.unwrap();
    }
    let watch = kv
        .watch_tree(Some(key("d")), WatchStart::Now)
        .await
        .unwrap();
    let mut pieces = watch.pieces();
    assert!(pieces.next().await.unwrap().unwrap().is_partial);
    tokio::time::sleep(Duration::from_millis(100)).await;
    for _ in 0..14 {
        let value = large(0).1;
        kv.put(key("elsewhere"), value, None).await.unwrap();
    }
    let again = pieces.next().await.unwrap().unwrap().batch;
    let Batch::Snapshot {
        entries, reason, ..
    } = again
    else {
        panic!("expected a snapshot, found {again:?}");
    };
    assert_eq!(
        (reason, &entries[0].key),
        (SnapshotReason::Lagged, &large(0).0)
    );
}

#[tokio::test]
async fn a_quiet_watch_hears_of_revisions_before_the_log_forgets_them() {
    let kv = Disk::new().open();
    let mut watch = begun(&kv).await;
    let mut heard = 0;
    for _ in 0..50 {
        let puts = (0..250).map(|_| kv.put(key("other"), "v", None));
        let last = join_all(puts).await.into_iter().map(Result::unwrap).max();
        let ready = watch.next();
        if let Ok(batch) = tokio::time::timeout(Duration::from_millis(1), ready).await {
            let Batch::Progress { revision } = batch.unwrap().unwrap() else {
                panic!("expected progress");
            };
            heard = revision.0;
        }
        assert!(
            last.unwrap().0 < heard + 2_000,
            "{last:?}, and {heard} was heard"
        );
    }
    assert!(heard > 10_000);
    // The history of the first 10,000 is gone; from what was heard on, it is there.
    let from = WatchStart::Revision(carml_kv::Revision(heard));
    let mut resumed = kv.watch(key("k"), from).await.unwrap();
    let first = resumed.next().await.unwrap().unwrap();
    assert!(matches!(first, Batch::Progress { .. }), "{first:?}");
}
