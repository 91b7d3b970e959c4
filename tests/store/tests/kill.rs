//! SIGKILL under puts to a folder: an object is the one of before or the new one, never a part.
//!
//! `CARML_KILLS` sets how often; 40 unless it is set.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

use std::{
    env, fs,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use bytes::Bytes;
use carml_store::{GetOptions, Mode, PutOptions, Store, StoreOptions, fs::Fs};
use carml_test_store::support::{key, streamed};

const SIZE: usize = 4 << 20;

fn open(folder: &Path) -> Store {
    Store::new(Fs::open(folder, false).unwrap(), &StoreOptions::default()).unwrap()
}

/// Content of which every byte is the number of its version.
fn version(n: u8) -> Vec<Bytes> {
    vec![Bytes::from(vec![n; 64 << 10]); SIZE >> 16]
}

/// Not a test: the process that is killed. It replaces an object, and creates others, until then.
#[tokio::test]
#[ignore = "started by the other test"]
async fn child() {
    let store = open(Path::new(&env::var_os("CHILD_FOLDER").unwrap()));
    for n in 0_u64.. {
        let body = streamed(version(n as u8), None);
        let name = key("replaced");
        store.put(&name, body, PutOptions::default()).await.unwrap();
        let options = PutOptions {
            content_type: Some("text/plain".to_owned()),
            mode: Mode::Create,
            ..PutOptions::default()
        };
        let body = streamed(version(n as u8), None);
        let name = key(&format!("created/{}/{n}", std::process::id()));
        store.put(&name, body, options).await.unwrap();
        store.delete(&[name]).await.unwrap();
    }
}

/// Whether an object is whole, of one version, and with what was published with it.
async fn assert_whole(store: &Store, name: &str) {
    let object = store.get(&key(name), GetOptions::default()).await.unwrap();
    if store.capabilities().metadata {
        assert!(object.meta.sha256.is_some(), "{name}");
        if name.starts_with("created/") {
            assert_eq!(object.meta.content_type.as_deref(), Some("text/plain"));
        }
    }
    // Its SHA-256 is checked at the end.
    let bytes = object.bytes(SIZE + 1).await.unwrap();
    assert_eq!(bytes.len(), SIZE, "{name}");
    assert!(bytes.iter().all(|byte| *byte == bytes[0]), "{name}");
}

#[tokio::test]
async fn a_kill_at_any_point_leaves_no_part_of_an_object() {
    let kills: u64 = env::var("CARML_KILLS").map_or(40, |kills| kills.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("objects");
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut seen = 0;
    for _ in 0..kills {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "child", "--ignored", "--quiet"])
            .env("CHILD_FOLDER", &root)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // Random, but the same in each run.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        tokio::time::sleep(Duration::from_millis(20 + state % 200)).await;
        child.kill().unwrap();
        child.wait().unwrap();
        let store = open(&root);
        for name in carml_test_store::support::all(&store).await {
            assert_whole(&store, &name).await;
            seen += 1;
        }
    }
    assert!(seen > 0, "nothing was ever put");
    // What the killed processes left is not an object, and is swept when it is old.
    let staging = root.join(".carml-staging");
    let old = std::time::SystemTime::now() - Duration::from_secs(25 * 3600);
    let files = || {
        fs::read_dir(&staging)
            .unwrap()
            .map(|entry| entry.unwrap().path())
    };
    let left: Vec<_> = files().filter(|path| path.is_file()).collect();
    for path in &left {
        let file = fs::File::options().write(true).open(path).unwrap();
        file.set_modified(old).unwrap();
    }
    drop(open(&root));
    assert_eq!(files().filter(|path| path.is_file()).count(), 0);
    println!(
        "{kills} kills, {seen} objects found whole, {} files swept",
        left.len()
    );
}
