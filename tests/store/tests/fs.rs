//! Provider `fs`: the whole suite, and what is particular to files.
#![allow(clippy::unwrap_used)]

use std::{fs, time::Duration};

use carml_store::{ErrorKind, GetOptions, ListOptions, Mode, PutOptions};
use carml_test_store::{
    Fixture as _, FsFolder, conformance,
    support::{all, key, kind, names, open, put, read, write},
};

conformance!(FsFolder);

#[tokio::test]
async fn an_object_is_a_file_of_its_name() {
    let folder = FsFolder::new().await;
    let store = open(&folder);
    write(&store, "models/small.bin", "weights").await;
    let file = folder.path().join("models/small.bin");
    assert_eq!(fs::read_to_string(file).unwrap(), "weights");
}

#[tokio::test]
async fn a_file_of_another_program_is_an_object_with_the_etag_of_its_content() {
    let folder = FsFolder::new().await;
    let store = open(&folder);
    let etag = write(&store, "stored", "content").await.etag;
    fs::create_dir(folder.path().join("foreign")).unwrap();
    fs::write(folder.path().join("foreign/file"), "content").unwrap();
    let meta = store.stat(&key("foreign/file")).await.unwrap();
    assert_eq!((meta.etag, meta.sha256), (Some(etag.clone()), None));
    put(&store, "foreign/file", "new", Mode::Match(etag))
        .await
        .unwrap();
}

#[tokio::test]
async fn an_object_that_was_changed_in_place_is_not_returned_as_it_was_stored() {
    let folder = FsFolder::new().await;
    let store = open(&folder);
    if !store.capabilities().metadata {
        return;
    }
    write(&store, "key", "content").await;
    fs::write(folder.path().join("key"), "c0ntent").unwrap();
    assert_eq!(kind(read(&store, "key").await), ErrorKind::ChecksumMismatch);
}

#[tokio::test]
async fn an_object_and_a_folder_of_one_name_are_a_conflict() {
    let folder = FsFolder::new().await;
    let store = open(&folder);
    write(&store, "a/b", "x").await;
    for mode in [Mode::Overwrite, Mode::Create] {
        assert_eq!(
            kind(put(&store, "a", "x", mode.clone()).await),
            ErrorKind::Conflict
        );
        assert_eq!(
            kind(put(&store, "a/b/c", "x", mode).await),
            ErrorKind::Conflict
        );
    }
    assert_eq!(all(&store).await, ["a/b"]);
}

#[tokio::test]
async fn staging_is_not_an_object_and_is_swept() {
    let folder = FsFolder::new().await;
    let store = open(&folder);
    let staging = folder.path().join(".carml-staging");
    let dead = staging.join("tmp-dead");
    fs::write(&dead, "half of an object").unwrap();
    let old = std::time::SystemTime::now() - Duration::from_secs(25 * 3600);
    fs::File::options()
        .write(true)
        .open(&dead)
        .unwrap()
        .set_modified(old)
        .unwrap();
    fs::write(staging.join("tmp-alive"), "").unwrap();
    assert!(all(&store).await.is_empty());
    assert!(
        names(&store, ".carml-staging/", ListOptions::default())
            .await
            .is_empty()
    );
    let inside = store
        .get(&key(".carml-staging/tmp-dead"), GetOptions::default())
        .await;
    assert_eq!(kind(inside), ErrorKind::InvalidKey);
    drop(open(&folder));
    assert!(!dead.exists());
    assert!(staging.join("tmp-alive").exists());
}

#[cfg(unix)]
#[tokio::test]
async fn names_that_are_no_keys_are_listed_and_not_addressable() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _};
    let folder = FsFolder::new().await;
    let store = open(&folder);
    write(&store, "key", "x").await;
    fs::write(folder.path().join("tab\there"), "").unwrap();
    fs::write(folder.path().join(OsStr::from_bytes(b"x\xff")), "").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("link")).unwrap();
    let entries = carml_test_store::support::list(&store, "", ListOptions::default()).await;
    let listed: Vec<_> = entries
        .iter()
        .map(|e| (e.name.as_str(), e.key.is_some()))
        .collect();
    assert_eq!(
        listed,
        [("key", true), ("tab\there", false), ("x\u{fffd}", false)]
    );
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_that_cannot_be_written_is_an_error_that_names_it() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = carml_store::fs::Fs::open(file.path().join("store"), true).unwrap_err();
    let text = error.to_string();
    assert!(text.contains(file.path().to_str().unwrap()), "{text}");
}

#[tokio::test]
async fn a_full_disk_leaves_nothing() {
    // The smallest file system that every Linux has, if it may be mounted.
    let folder = tempfile::tempdir().unwrap();
    let mount = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
        .arg(folder.path())
        .output();
    if !mount.is_ok_and(|mount| mount.status.success()) {
        eprintln!("a file system cannot be mounted here: not tested");
        return;
    }
    let provider = carml_store::fs::Fs::open(folder.path(), true).unwrap();
    let store = carml_store::Store::new(provider, &Default::default()).unwrap();
    let large = carml_test_store::support::pattern(4 << 20);
    let body = carml_test_store::support::streamed(large, None);
    let error = store
        .put(&key("large"), body, PutOptions::default())
        .await
        .unwrap_err();
    let left = fs::read_dir(folder.path().join(".carml-staging"))
        .unwrap()
        .count();
    let listed = all(&store).await;
    let fits = store.put(&key("small"), "x", PutOptions::default()).await;
    std::process::Command::new("umount")
        .arg(folder.path())
        .status()
        .unwrap();
    assert_eq!(error.kind, ErrorKind::NoSpace, "{error}");
    // The folder of the locks is what is left.
    assert_eq!(left, 1);
    assert!(listed.is_empty(), "{listed:?}");
    fits.unwrap();
}
