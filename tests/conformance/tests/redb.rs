//! The embedded store: the whole suite, and what only a file has.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use carml_runtime::kv::{ErrorKind, Kv, Revision, WatchStart, redb::Redb};
use carml_test_conformance::{RedbFile, conformance, key, security::opened};
use futures_util::future::join_all;

conformance!(RedbFile);

fn refused(path: &std::path::Path) -> ErrorKind {
    let e = Redb::open(path, "b").err().expect("a refusal");
    assert!(e.to_string().contains(path.to_str().unwrap()), "{e}");
    e.kind
}

#[test]
fn a_file_that_cannot_be_served_is_refused_with_its_name() {
    let dir = tempfile::tempdir().unwrap();
    let text = dir.path().join("text");
    std::fs::write(&text, "not a store\n".repeat(1000)).unwrap();
    assert_eq!(refused(&text), ErrorKind::Corrupted);
    assert_eq!(refused(&dir.path().join("none/kv")), ErrorKind::Unavailable);
    let open = dir.path().join("kv");
    let _held = Redb::open(&open, "b").unwrap();
    assert_eq!(refused(&open), ErrorKind::Busy);
}

/// A file that something else wrote into may be refused, or reported as damaged; nothing panics
/// and nothing hangs.
#[tokio::test]
async fn a_damaged_file_is_an_error() {
    use rand::{Rng as _, SeedableRng as _};
    let dir = tempfile::tempdir().unwrap();
    let (sound, damaged) = (dir.path().join("sound"), dir.path().join("damaged"));
    let kv = Kv::new(Redb::open(&sound, "b").unwrap(), Duration::from_secs(10));
    let keys = (0..300).map(|i| kv.put(format!("d/{i}").parse().unwrap(), vec![7; 200], None));
    futures_util::future::try_join_all(keys).await.unwrap();
    kv.close().await.unwrap();
    let bytes = std::fs::read(&sound).unwrap();
    let mut faults = 0;
    for seed in 0..40 {
        let mut random = rand::rngs::StdRng::seed_from_u64(seed);
        let mut bytes = bytes.clone();
        for _ in 0..200 {
            let at = random.random_range(0..bytes.len());
            bytes[at] = random.random();
        }
        std::fs::write(&damaged, bytes).unwrap();
        let kv = match Redb::open(&damaged, "b") {
            Ok(store) => Kv::new(store, Duration::from_secs(10)),
            Err(e) => {
                faults += usize::from(e.kind == ErrorKind::Corrupted);
                continue;
            }
        };
        let mut errors = vec![
            kv.list(None, Default::default()).await.err(),
            kv.watch_tree(None, WatchStart::Revision(Revision(1)))
                .await
                .err(),
            kv.put("new".parse().unwrap(), "v", None).await.err(),
            kv.delete_tree("d".parse().unwrap()).await.err(),
        ];
        errors.push(kv.get(&"d/100".parse().unwrap()).await.err());
        faults += errors.iter().flatten().count();
        drop(kv.close().await);
    }
    assert!(faults > 0, "nothing of it was damaged");
}

#[tokio::test]
async fn namespaces_of_one_file_are_separate() {
    let dir = tempfile::tempdir().unwrap();
    let open = |bucket: &str| {
        let store = Redb::open(dir.path().join("kv"), bucket).unwrap();
        Kv::new(store, Duration::from_secs(10))
    };
    let one = open("one");
    one.put("k".parse().unwrap(), "1", None).await.unwrap();
    one.close().await.unwrap();
    let two = open("two");
    assert!(!two.exists(&"k".parse().unwrap()).await.unwrap());
    two.close().await.unwrap();
    assert!(open("one").exists(&"k".parse().unwrap()).await.unwrap());
}

#[tokio::test]
async fn each_key_of_a_config_has_its_effect() {
    let dir = tempfile::tempdir().unwrap();
    let registry = |file: &str, bucket: &str, timeout: &str| {
        let path = dir.path().join(file);
        let path = path.display();
        format!("  provider: redb\n  path: {path}\n  bucket: {bucket}\n  timeout: {timeout}\n")
    };
    let good = registry("kv", "one", "5s");
    let kv = opened(&good).await.unwrap();
    kv.put(key("k"), "v", None).await.unwrap();
    let busy = opened(&good).await.err().unwrap();
    assert!(busy.contains(dir.path().to_str().unwrap()), "{busy}");
    kv.close().await.unwrap();
    for (changed, registry) in [
        ("path", registry("other", "one", "5s")),
        ("bucket", registry("kv", "two", "5s")),
    ] {
        let kv = opened(&registry).await.unwrap();
        assert!(!kv.exists(&key("k")).await.unwrap(), "{changed}");
        kv.close().await.unwrap();
    }
    let kv = opened(&registry("kv", "one", "1us")).await.unwrap();
    // More than the disk takes in the millisecond that a timer may be late.
    let puts = (0..256).map(|n| kv.put(key(&format!("large/{n}")), vec![b'v'; 64 << 10], None));
    let late = join_all(puts).await;
    assert!(late.iter().any(Result::is_err), "timeout has no effect");
}
