//! What is published is whole, and nothing is left behind.
#![allow(clippy::unwrap_used)]

use std::{
    fs,
    io::{ErrorKind, Write as _},
    path::Path,
    sync::Barrier,
    thread,
    time::Duration,
};

use carml_files::{Durability, Lock, Publish, Staged, Staging, attributes, folder};

fn staging(root: &Path) -> Staging {
    Staging::open(root.join(".staging"), Durability::Synced).unwrap()
}

fn staged(staging: &Staging, text: &str) -> Staged {
    let mut file = staging.stage().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn left(staging: &Staging) -> usize {
    fs::read_dir(staging.path()).unwrap().count()
}

#[test]
fn a_published_file_has_its_folders_and_the_staging_is_empty() {
    let root = tempfile::tempdir().unwrap();
    let staging = staging(root.path());
    let target = root.path().join("a/b/c");
    staged(&staging, "one")
        .publish(&target, Publish::Create)
        .unwrap();
    assert_eq!(fs::read_to_string(&target).unwrap(), "one");
    staged(&staging, "two")
        .publish(&target, Publish::Overwrite)
        .unwrap();
    assert_eq!(fs::read_to_string(&target).unwrap(), "two");
    assert_eq!(left(&staging), 0);
}

#[test]
fn a_dropped_file_is_removed() {
    let root = tempfile::tempdir().unwrap();
    let staging = staging(root.path());
    drop(staged(&staging, "one"));
    drop(staging.stage_folder().unwrap());
    assert_eq!(left(&staging), 0);
}

#[test]
fn create_does_not_replace_a_file() {
    let root = tempfile::tempdir().unwrap();
    let staging = staging(root.path());
    let target = root.path().join("key");
    fs::write(&target, "old").unwrap();
    let error = staged(&staging, "new")
        .publish(&target, Publish::Create)
        .unwrap_err();
    assert_eq!(error.source.kind(), ErrorKind::AlreadyExists);
    assert!(!error.published);
    assert_eq!(fs::read_to_string(&target).unwrap(), "old");
    assert_eq!(left(&staging), 0);
}

#[test]
fn one_of_many_creators_wins() {
    let root = tempfile::tempdir().unwrap();
    let staging = staging(root.path());
    let target = root.path().join("deep/key");
    let barrier = Barrier::new(8);
    let create = &|n: usize| {
        let file = staged(&staging, &n.to_string());
        barrier.wait();
        file.publish(&target, Publish::Create).is_ok()
    };
    let won: Vec<usize> = thread::scope(|scope| {
        let all = [0, 1, 2, 3, 4, 5, 6, 7].map(|n| scope.spawn(move || create(n).then_some(n)));
        let won = all.into_iter().map(|one| one.join().unwrap());
        won.flatten().collect()
    });
    assert_eq!(won.len(), 1, "{won:?}");
    assert_eq!(fs::read_to_string(&target).unwrap(), won[0].to_string());
    assert_eq!(left(&staging), 0);
}

#[test]
fn a_folder_in_the_way_is_an_error_of_its_own() {
    let root = tempfile::tempdir().unwrap();
    let staging = staging(root.path());
    let file = root.path().join("file");
    fs::write(&file, "").unwrap();
    let folder = root.path().join("folder");
    fs::create_dir(&folder).unwrap();
    for how in [Publish::Create, Publish::Overwrite] {
        let error = staged(&staging, "")
            .publish(&file.join("below"), how)
            .unwrap_err();
        assert_eq!(error.source.kind(), ErrorKind::NotADirectory, "{how:?}");
        let error = staged(&staging, "").publish(&folder, how).unwrap_err();
        assert_eq!(error.source.kind(), ErrorKind::IsADirectory, "{how:?}");
    }
    assert_eq!(left(&staging), 0);
}

#[test]
fn publishing_and_removing_empty_folders_at_once_loses_nothing() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    let staging = Staging::open(root.join(".staging"), Durability::Unsynced).unwrap();
    thread::scope(|scope| {
        for n in 0..4 {
            let staging = &staging;
            scope.spawn(move || {
                let target = root.join(format!("shared/folder/{n}"));
                for round in 0..200 {
                    staged(staging, "x")
                        .publish(&target, Publish::Overwrite)
                        .unwrap();
                    assert!(target.exists(), "{round}");
                    assert!(folder::remove_file(&target, Durability::Unsynced).unwrap());
                    folder::remove_empty_parents(&target, root);
                }
            });
        }
    });
    assert!(!root.join("shared").exists());
}

#[test]
fn attributes_are_published_with_the_file() {
    let root = tempfile::tempdir().unwrap();
    let staging = staging(root.path());
    if !attributes::are_supported(&staging).unwrap() {
        eprintln!("the file system of the temporary folder has no attributes");
        return;
    }
    let file = staged(&staging, "text");
    attributes::set(file.as_file(), "content-type", b"text/plain").unwrap();
    let target = root.path().join("key");
    file.publish(&target, Publish::Overwrite).unwrap();
    let found = attributes::get_at(&target, "content-type").unwrap();
    assert_eq!(found.as_deref(), Some(&b"text/plain"[..]));
    assert_eq!(attributes::get_at(&target, "other").unwrap(), None);
}

#[test]
fn a_sweep_removes_old_staging_and_nothing_else() {
    let root = tempfile::tempdir().unwrap();
    let staging = staging(root.path());
    // As a process that was killed leaves them.
    fs::write(staging.path().join("tmp-dead"), "12345").unwrap();
    fs::create_dir(staging.path().join("tmp-tree")).unwrap();
    fs::write(staging.path().join("tmp-tree/file"), "").unwrap();
    fs::write(staging.path().join("locks"), "").unwrap();
    assert_eq!(staging.sweep(Duration::from_secs(3600)).unwrap().entries, 0);
    let swept = staging.sweep(Duration::ZERO).unwrap();
    assert_eq!((swept.entries, swept.bytes), (2, 5));
    assert!(staging.path().join("locks").exists());
}

#[test]
fn a_tree_is_published_once() {
    let root = tempfile::tempdir().unwrap();
    let staging = staging(root.path());
    let target = root.path().join("unpacked/tree");
    let tree = staging.stage_folder().unwrap();
    fs::write(tree.path().join("file"), "one").unwrap();
    tree.publish(&target).unwrap();
    let tree = staging.stage_folder().unwrap();
    fs::write(tree.path().join("file"), "two").unwrap();
    let error = tree.publish(&target).unwrap_err();
    assert_eq!(error.source.kind(), ErrorKind::AlreadyExists);
    assert_eq!(fs::read_to_string(target.join("file")).unwrap(), "one");
    assert_eq!(left(&staging), 0);
}

#[test]
fn staging_is_made_again_if_somebody_removes_it() {
    let root = tempfile::tempdir().unwrap();
    let staging = staging(root.path());
    fs::remove_dir(staging.path()).unwrap();
    staged(&staging, "x")
        .publish(&root.path().join("key"), Publish::Create)
        .unwrap();
}

#[test]
fn an_exclusive_lock_excludes_and_a_shared_one_does_not() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("lock");
    let held = Lock::exclusive(&path).unwrap();
    assert!(Lock::try_exclusive(&path).unwrap().is_none());
    assert!(Lock::try_shared(&path).unwrap().is_none());
    let limit = Duration::from_millis(50);
    assert!(Lock::exclusive_within(&path, limit).unwrap().is_none());
    let shared = held.into_shared().unwrap();
    let other = Lock::try_shared(&path).unwrap().unwrap();
    assert!(Lock::try_exclusive(&path).unwrap().is_none());
    drop((shared, other));
    assert!(Lock::exclusive_within(&path, limit).unwrap().is_some());
    assert!(path.exists());
}

#[cfg(unix)]
#[test]
fn new_folders_and_files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let root = tempfile::tempdir().unwrap();
    let staging = staging(root.path());
    let target = root.path().join("a/b/key");
    staged(&staging, "x")
        .publish(&target, Publish::Create)
        .unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&target), 0o600);
    assert_eq!(mode(&root.path().join("a")), 0o700);
    assert!(!folder::is_writable_by_others(&root.path().join("a")).unwrap());
    fs::set_permissions(root.path().join("a"), fs::Permissions::from_mode(0o770)).unwrap();
    assert!(folder::is_writable_by_others(&root.path().join("a")).unwrap());
}
