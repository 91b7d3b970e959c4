//! What the fault tests of the backends share.

use std::{
    fmt::Debug,
    future::Future,
    time::{Duration, Instant},
};

use carml_runtime::kv::{Applied, Batch, Error, ErrorKind, Event, Kv, Txn, WatchStream};
use futures_util::StreamExt as _;

use crate::{Proxy, Server, key, within};

/// The kind of a failed call, and whether it was applied. The error names the server.
pub fn failed<T: Debug>(answer: Result<T, Error>) -> (ErrorKind, Applied) {
    let error = answer.unwrap_err();
    assert!(error.message.contains("127.0.0.1:"), "{error}");
    (error.kind, error.applied)
}

/// The next batch of a watch, however long it takes.
pub async fn next(watch: &mut WatchStream) -> Batch {
    watch.next().await.unwrap().unwrap()
}

/// The value that a watch of one key reports next.
pub async fn next_value(watch: &mut WatchStream) -> Vec<u8> {
    loop {
        if let Batch::Events { events, .. } = next(watch).await {
            match events.into_iter().next_back().unwrap() {
                Event::Put(entry) => return entry.value.to_vec(),
                other => panic!("{other:?}"),
            }
        }
    }
}

/// A client that cannot reach the server gives up its lease and its lock before another gets it.
pub async fn a_lease_and_a_lock_are_lost_by_the_own_clock<O: Future<Output = Kv>>(
    name: &'static str,
    open: impl Fn(Vec<String>) -> O,
) {
    within(async {
        let server = Server::started(&[name]).await;
        let direct = open(server.endpoints()).await;
        let proxy = Proxy::start(&server.endpoints()[0]).await;
        let kv = open(vec![proxy.address()]).await;
        let lease = kv.lease(Duration::from_secs(3)).await.unwrap();
        let guard = kv.acquire(key("l")).await.unwrap();
        let late = Txn::new().require(&guard).put(key("k"), "late");
        tokio::time::sleep(Duration::from_secs(4)).await;
        let until = guard.valid_until().unwrap();
        assert!(until > Instant::now(), "it is renewed");

        proxy.silence();
        let other = tokio::spawn(async move {
            let guard = direct.acquire(key("l")).await.unwrap();
            (direct, guard, Instant::now())
        });
        guard.lost().await;
        lease.lost().await;
        let lost = Instant::now();
        assert!(guard.valid_until().unwrap() <= lost);
        let (direct, second, acquired) = other.await.unwrap();
        assert!(
            acquired > guard.valid_until().unwrap(),
            "two holders at a time"
        );
        assert!(second.token() > guard.token());
        proxy.resume();
        assert_eq!(
            direct.commit(late).await.unwrap_err().kind,
            ErrorKind::LockLost
        );
        let fenced = Txn::new().require(&second).put(key("k"), "second");
        direct.commit(fenced).await.unwrap();
    })
    .await;
}
