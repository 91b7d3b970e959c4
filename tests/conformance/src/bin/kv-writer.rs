//! Writes to the embedded store until it is killed, and prints what was acknowledged.
//!
//! `kv-writer FILE LIFE`: a line `TASK N REVISION` for each write; the value is `LIFE N`.
#![allow(clippy::unwrap_used)]

use std::{io::Write as _, time::Duration};

use carml_runtime::kv::{Kv, redb::Redb};

const TASKS: u64 = 8;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let mut args = std::env::args().skip(1);
    let (file, life) = (args.next().unwrap(), args.next().unwrap());
    let store = Redb::open(file, "kill").unwrap();
    let kv = Kv::new(store, Duration::from_secs(30));
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..TASKS {
        let (kv, life) = (kv.clone(), life.clone());
        tasks.spawn(async move {
            for n in 0.. {
                // A few keys of each writer, over and over.
                let key = format!("{task}/{}", n % 5).parse().unwrap();
                let revision = kv.put(key, format!("{life} {n}"), None).await.unwrap();
                let line = format!("{task} {n} {}\n", revision.0);
                let mut out = std::io::stdout().lock();
                out.write_all(line.as_bytes()).unwrap();
                out.flush().unwrap();
            }
        });
    }
    tasks.join_all().await;
}
