//! The embedded store: the whole suite, and what only a file has.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use carml_runtime::kv::{ErrorKind, Kv, redb::Redb};
use carml_test_conformance::{RedbFile, conformance};

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

#[tokio::test]
async fn namespaces_of_one_file_are_apart() {
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
