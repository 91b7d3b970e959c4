//! Short forms for the checks.
use std::{future::Future, time::Duration};

use carml_runtime::kv::{
    Batch, Entry, Error, ErrorKind, Key, Kv, ListOptions, WatchStart, WatchStream,
};
use futures_util::{Stream, StreamExt};

use crate::Fixture;

/// A check that waits longer fails.
pub async fn within(check: impl Future<Output = ()>) {
    let limit = Duration::from_secs(90);
    tokio::time::timeout(limit, check)
        .await
        .expect("the check ends in time");
}

/// A key that is valid.
pub fn key(text: &str) -> Key {
    Key::parse(text).unwrap()
}

pub(crate) async fn fresh<F: Fixture>() -> (F, Kv) {
    let fixture = F::fresh().await;
    let kv = fixture.open().await;
    (fixture, kv)
}

pub(crate) async fn reopen<F: Fixture>(fixture: &F, kv: Kv) -> Kv {
    kv.close().await.unwrap();
    drop(kv);
    fixture.open().await
}

pub(crate) fn kind<T>(answer: Result<T, Error>) -> ErrorKind {
    match answer {
        Ok(_) => panic!("expected a refusal"),
        Err(e) => e.kind,
    }
}

/// The next item of a stream, which comes soon.
pub(crate) async fn next<T>(stream: &mut (impl Stream<Item = Result<T, Error>> + Unpin)) -> T {
    let next = tokio::time::timeout(Duration::from_secs(20), stream.next());
    let next = next.await.expect("an item in time");
    next.expect("the stream goes on").unwrap()
}

/// That nothing more comes.
pub(crate) async fn ended<T>(stream: &mut (impl Stream<Item = Result<T, Error>> + Unpin)) {
    let next = tokio::time::timeout(Duration::from_secs(20), stream.next());
    match next.await.expect("the end in time") {
        None => {}
        Some(Ok(_)) => panic!("the stream goes on"),
        Some(Err(e)) => panic!("{e}"),
    }
}

/// A watch of all, and what it began with.
pub(crate) async fn watch_all(kv: &Kv) -> (WatchStream, Vec<Entry>) {
    let mut watch = kv.watch_tree(None, WatchStart::Now).await.unwrap();
    match next(&mut watch).await {
        Batch::Snapshot { entries, .. } => (watch, entries),
        other => panic!("a watch begins with a snapshot, not {other:?}"),
    }
}

/// Every key with its value, over as many pages as it takes.
pub(crate) async fn everything(kv: &Kv) -> Vec<(String, Vec<u8>)> {
    let (mut found, mut options) = (Vec::new(), ListOptions::default());
    loop {
        let page = kv.list(None, options.clone()).await.unwrap();
        let entries = page.entries.iter();
        found.extend(entries.map(|e| (e.key.to_string(), e.value.to_vec())));
        match page.next {
            Some(after) => options.after = Some(after),
            None => return found,
        }
    }
}

/// Skips a check if the backend lacks a call.
macro_rules! needs {
    ($fixture:ty, $kv:expr, $($call:ident),+) => {
        $(if !<$fixture>::offers(&$kv, carml_runtime::kv::capability::Call::$call) {
            return;
        })+
    };
}
pub(crate) use needs;
