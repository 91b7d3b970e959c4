//! SIGKILL under writes: what was acknowledged is there afterwards, and no revision appears twice.
//!
//! `CARML_KILLS` sets how often, 20 unless it is set. A kill is not a power failure: the kernel
//! keeps what it has.
#![allow(clippy::unwrap_used)]

use std::{
    collections::{BTreeMap, HashMap},
    io::Read as _,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use carml_runtime::kv::{Batch, Entry, Event, Kv, ListOptions, Revision, WatchStart, redb::Redb};
use futures_util::StreamExt;
use rand::Rng as _;

/// A write that was acknowledged.
#[derive(Clone, Debug)]
struct Acknowledged {
    key: String,
    n: u64,
    revision: u64,
}

/// Lets a writer write for a while, then kills it: the writes that it acknowledged.
fn live(file: &Path, life: u32) -> Vec<Acknowledged> {
    let mut writer = Command::new(env!("CARGO_BIN_EXE_kv-writer"))
        .arg(file)
        .arg(life.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = writer.stdout.take().unwrap();
    let heard = std::thread::spawn(move || {
        let mut said = String::new();
        out.read_to_string(&mut said).unwrap();
        said
    });
    let time = rand::rng().random_range(5..120);
    std::thread::sleep(Duration::from_millis(time));
    writer.kill().unwrap();
    let end = writer.wait().unwrap();
    assert_eq!(end.code(), None, "it was killed, and did not end by itself");
    let said = heard.join().unwrap();
    // The last line may be torn; a whole one was acknowledged.
    let whole = said.rfind('\n').map_or("", |end| &said[..end]);
    whole.lines().map(acknowledged).collect()
}

fn acknowledged(line: &str) -> Acknowledged {
    let numbers: Vec<u64> = line.split(' ').map(|n| n.parse().unwrap()).collect();
    let [task, n, revision] = numbers[..] else {
        panic!("{line:?}");
    };
    Acknowledged {
        key: format!("{task}/{}", n % 5),
        n,
        revision,
    }
}

/// What is stored, and every change that the log still has.
struct Found {
    entries: HashMap<String, Entry>,
    log: BTreeMap<u64, Event>,
}

async fn look(kv: &Kv) -> Found {
    let page = kv.list(None, ListOptions::default()).await.unwrap();
    let entries = page.entries.into_iter().map(|e| (e.key.to_string(), e));
    // The whole log, or what is left of it: from where the last life began it is always there.
    let mut found = Found {
        entries: entries.collect(),
        log: BTreeMap::new(),
    };
    let from = WatchStart::Revision(Revision(page.revision.0.saturating_sub(9_000)));
    let mut watch = kv.watch_tree(None, from).await.unwrap();
    loop {
        match watch.next().await.unwrap().unwrap() {
            Batch::Events {
                revision,
                mut events,
            } => {
                assert_eq!(events.len(), 1);
                found.log.insert(revision.0, events.remove(0));
            }
            Batch::Progress { .. } => return found,
            other => panic!("{other:?}"),
        }
    }
}

/// Whether every acknowledged write is there, at its revision.
fn compare(life: u32, said: &[Acknowledged], found: &Found) {
    let oldest = found.log.keys().next().copied().unwrap_or(u64::MAX);
    for one in said {
        let value = format!("{life} {}", one.n);
        if one.revision >= oldest {
            let Some(Event::Put(logged)) = found.log.get(&one.revision) else {
                panic!("not in the log: {one:?}");
            };
            assert_eq!(logged.key.as_str(), one.key);
            assert_eq!(logged.value, value);
        }
        let Some(stored) = found.entries.get(&one.key) else {
            panic!("lost: {one:?}");
        };
        // A later write may have replaced it, acknowledged or not.
        assert!(stored.revision.0 >= one.revision, "lost: {one:?}");
        if stored.revision.0 == one.revision {
            assert_eq!(stored.value, value);
        }
    }
}

#[tokio::test]
async fn no_acknowledged_write_is_lost_and_no_revision_appears_twice() {
    let kills: u32 = std::env::var("CARML_KILLS").map_or(20, |n| n.parse().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("kv");
    let (mut writes, mut highest) = (0, 0);
    for life in 0..kills {
        let said = live(&file, life);
        for one in &said {
            assert!(one.revision > highest, "a revision came again: {one:?}");
        }
        let kv = Kv::new(Redb::open(&file, "kill").unwrap(), Duration::from_secs(30));
        let found = look(&kv).await;
        compare(life, &said, &found);
        let stored = found.entries.values().map(|e| e.revision.0).max();
        highest = highest.max(stored.unwrap_or(0));
        let next = kv.put("probe".parse().unwrap(), "v", None).await.unwrap();
        assert!(next.0 > highest, "revision {} came again", next.0);
        highest = next.0;
        kv.close().await.unwrap();
        writes += said.len();
    }
    assert!(writes > kills as usize, "only {writes} writes");
    println!("{kills} kills, {writes} acknowledged writes, 0 lost");
}
