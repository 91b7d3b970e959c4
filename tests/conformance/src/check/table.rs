//! The capability table.
use std::time::Duration;

use carml_runtime::kv::{
    Error, ErrorKind, Kv, ListOptions, Revision, Txn, WatchStart,
    capability::{CALLS, Call},
};

use crate::{
    Fixture,
    support::{fresh, key},
};

/// A call that the table names is answered; one that it does not is refused, by its name and the
/// backend's.
pub async fn every_cell<F: Fixture>() {
    let (_fixture, kv) = fresh::<F>().await;
    for call in CALLS {
        let answer = attempt(&kv, *call).await;
        if F::offers(&kv, *call) {
            answer.unwrap_or_else(|e| panic!("{}: {e}", call.as_str()));
        } else {
            let e = answer.expect_err(call.as_str());
            assert_eq!(e.kind, ErrorKind::Unsupported, "{e}");
            assert_eq!((e.backend, e.op), (Some(kv.provider()), call.as_str()));
        }
    }
}

/// Each call, on keys of its own.
async fn attempt(kv: &Kv, call: Call) -> Result<(), Error> {
    let (one, dir) = (key("table/one"), key("table"));
    match call {
        Call::Put => kv.put(one, "v", None).await.map(drop),
        Call::Get => kv.get(&one).await.map(drop),
        Call::Delete => kv.delete(one).await.map(drop),
        Call::Exists => kv.exists(&one).await.map(drop),
        Call::Watch => kv.watch(one, WatchStart::Now).await.map(drop),
        Call::WatchTree => kv.watch_tree(Some(dir), WatchStart::Now).await.map(drop),
        Call::Lock => {
            kv.acquire(one.clone()).await?.release();
            Ok(())
        }
        Call::List => kv.list(Some(dir), ListOptions::default()).await.map(drop),
        Call::DeleteTree => kv.delete_tree(dir).await.map(drop),
        Call::AtomicPut => kv
            .atomic_put(key("table/two"), "v", None, None)
            .await
            .map(drop),
        Call::AtomicDelete => match kv.atomic_delete(one, Revision(1)).await {
            Err(e) if e.kind == ErrorKind::Conflict => Ok(()),
            answer => answer,
        },
        Call::Lease => kv.lease(Duration::from_secs(30)).await.map(drop),
        Call::Transaction => {
            let txn = Txn::new().put(key("table/three"), "v");
            kv.commit(txn).await.map(drop)
        }
        Call::Election => {
            kv.campaign(one, "me").await?.resign();
            Ok(())
        }
        Call::Close => kv.close().await,
        other => panic!("the suite does not know {}", other.as_str()),
    }
}
