//! SIGKILL under writes: what was acknowledged is there afterwards.
//!
//! `CARML_KILLS` sets how often; 200 unless it is set.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use carml_kv_service::KvClient;
use carml_runtime::kv::{Key, Kv, ListOptions};
use support::Served;

const WRITERS: usize = 8;

/// What the store said of a key: the last value whose write it acknowledged, and its revision.
type Acknowledged = BTreeMap<String, (u64, u64)>;

fn store(served: &Served) -> Kv {
    Kv::new(
        KvClient::new(&served.url()).unwrap(),
        Duration::from_secs(5),
    )
}

/// Writes rising numbers, over and over to a few keys, until the server is gone: what was
/// acknowledged, and how many writes that were.
async fn write(kv: Kv, writer: usize, kill: u64) -> (Acknowledged, u64) {
    let (mut acknowledged, mut writes) = (Acknowledged::new(), 0);
    for n in 0.. {
        let key = format!("writer-{writer}/{}", n % 5);
        // The kill in the upper half: a value of an earlier life is never greater.
        let value = kill << 32 | n;
        let put = kv.put(key.parse().unwrap(), value.to_string(), None);
        let Ok(revision) = put.await else { break };
        acknowledged.insert(key, (value, revision.0));
        writes = n + 1;
    }
    (acknowledged, writes)
}

/// Everything in the store: key → value, revision.
async fn everything(kv: &Kv) -> Acknowledged {
    let mut all = Acknowledged::new();
    let mut options = ListOptions::default();
    loop {
        let page = kv.list(None::<Key>, options.clone()).await.unwrap();
        for entry in page.entries {
            let value = String::from_utf8(entry.value.to_vec()).unwrap();
            let found = (value.parse().unwrap(), entry.revision.0);
            all.insert(entry.key.to_string(), found);
        }
        options.after = page.next;
        if options.after.is_none() {
            return all;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_acknowledged_write_is_lost_and_no_revision_appears_twice() {
    let kills = std::env::var("CARML_KILLS").map_or(200, |kills| kills.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kv.redb");
    let (mut acknowledged, mut writes, mut highest) = (Acknowledged::new(), 0, 0);
    let begun = Instant::now();
    for kill in 0..=kills {
        let served = Served::start(&file);
        let found = everything(&store(&served)).await;
        for (key, (value, revision)) in &acknowledged {
            let (have, at) = found[key];
            // A write that was not acknowledged may be there, a later one only.
            assert!(
                have >= *value && at >= *revision,
                "{key} after {kill} kills: {have} at {at}, but {value} was acknowledged at {revision}"
            );
        }
        // What is in the store counts as acknowledged from here on.
        highest = highest.max(found.values().map(|(_, at)| *at).max().unwrap_or(0));
        acknowledged = found;
        if kill == kills {
            break;
        }
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| tokio::spawn(write(store(&served), writer, kill)))
            .collect();
        // From the first bytes of a commit to the middle of many.
        tokio::time::sleep(Duration::from_millis(3 + kill * 7 % 61)).await;
        drop(served);
        let mut revisions = Vec::new();
        for writer in writers {
            let (wrote, count) = writer.await.unwrap();
            writes += count;
            revisions.extend(wrote.values().map(|(_, revision)| *revision));
            acknowledged.extend(wrote);
        }
        let lowest = revisions.iter().min().copied().unwrap_or(u64::MAX);
        assert!(lowest > highest, "revision {lowest} was given before");
    }
    assert!(writes > 0, "nothing was ever acknowledged");
    println!(
        "{kills} kills, {writes} acknowledged writes in {:?}",
        begun.elapsed()
    );
}
