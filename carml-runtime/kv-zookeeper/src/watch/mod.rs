//! Watches: news of changed nodes, which are read and compared with what the consumer knows.

mod follower;
mod ledger;
mod view;

use std::sync::Arc;

use carml_kv::{
    Batch, Error, ErrorKind, Revision, SnapshotReason, WatchStart, WatchStatus, WatchStream,
    client::{Call, Room, WatchQueue},
};

use self::follower::Follower;
pub(crate) use self::view::Scope;
use crate::{Zookeeper, hub::subscribe};

/// Starts a watch. The first read is part of the call, so its failure is the result of the call.
pub(crate) async fn start(
    zookeeper: &Zookeeper,
    call: &Call<'_>,
    scope: Scope,
    from: WatchStart,
) -> Result<WatchStream, Error> {
    let news = subscribe(&zookeeper.shared, scope.filter(), call.op()).await?;
    let mut follower = Follower::new(zookeeper, call.op(), scope, news);
    let view = follower.read(call).await?;
    let queue = Arc::new(WatchQueue::new(WatchStatus::Live));
    let reason = view.reason(from);
    let revision = follower.knows(&view, known_until(from, reason));
    match reason {
        Some(reason) => queue.snapshot(view.snapshot(revision, reason), reason),
        None => {
            queue.push(Batch::Progress { revision }, false);
        }
    }
    let producer = tokio::spawn(produce(follower, queue.clone()));
    Ok(queue.stream(producer))
}

/// What the consumer has from before, if this is a revision of the store: the view is not older.
fn known_until(from: WatchStart, reason: Option<SnapshotReason>) -> Revision {
    match from {
        WatchStart::Revision(after) if reason != Some(SnapshotReason::IndexReset) => after,
        _ => Revision(0),
    }
}

async fn produce(mut follower: Follower, queue: Arc<WatchQueue>) {
    let closed = follower.closed();
    let error = closed
        .run_until_cancelled(fill(&mut follower, &queue))
        .await;
    // A close fails the requests that are under way.
    queue.end(error.filter(|_| !closed.is_cancelled()));
}

/// Fills the queue until the watch cannot go on.
async fn fill(follower: &mut Follower, queue: &WatchQueue) -> Error {
    loop {
        let news = follower.news().await;
        let reason = news
            .missed
            .or(news.down.then_some(SnapshotReason::Disconnected));
        if let Some(reason) = reason {
            queue.set_status(WatchStatus::Resyncing(reason));
            if news.missed.is_some()
                && let Err(error) = resync(follower, queue, reason, false).await
            {
                return error;
            }
            continue;
        }
        let batches = match follower.changes(news.paths).await {
            Ok(batches) => batches,
            Err(e) if e.kind == ErrorKind::Unavailable => {
                follower.missed(SnapshotReason::Disconnected);
                continue;
            }
            Err(e) => return e,
        };
        for batch in batches {
            if queue.push(batch, false) == Room::Left {
                continue;
            }
            queue.emptied().await;
            if let Err(error) = resync(follower, queue, SnapshotReason::Lagged, true).await {
                return error;
            }
            break;
        }
    }
}

/// Reads the whole state, and sends it if it is not what the consumer knows.
async fn resync(
    follower: &mut Follower,
    queue: &WatchQueue,
    reason: SnapshotReason,
    always: bool,
) -> Result<(), Error> {
    let mut backoff = follower.backoff();
    let view = loop {
        let call = Call::read(follower.op());
        match follower.read(&call).await {
            Ok(view) => break view,
            Err(e) if e.kind == ErrorKind::Unavailable => {
                tokio::time::sleep(backoff.pause()).await;
            }
            Err(e) => return Err(e),
        }
    };
    let (known, reset) = (follower.is_known(&view), follower.is_newer_than(&view));
    let reason = match reset {
        true => SnapshotReason::IndexReset,
        false => reason,
    };
    let revision = follower.knows(&view, Revision(0));
    if always || reset || !known {
        queue.snapshot(view.snapshot(revision, reason), reason);
    } else {
        queue.set_status(WatchStatus::Live);
    }
    Ok(())
}
