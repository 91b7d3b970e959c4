//! Watches: news of changed nodes, which are read and compared with what the consumer knows.

mod follower;
mod view;

use std::sync::Arc;

use carml_kv::{
    Batch, Error, ErrorKind, SnapshotReason, WatchStart, WatchStatus, WatchStream,
    client::{Call, Room, WatchQueue},
};

use self::follower::Follower;
pub(crate) use self::view::Scope;
use crate::{Zookeeper, hub::subscribe, nodes::revision};

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
    let reason = match from {
        WatchStart::Now => Some(SnapshotReason::Started),
        // There is no history: either nothing changed, or the whole state is sent.
        WatchStart::Revision(after) if after > view.now() => Some(SnapshotReason::IndexReset),
        WatchStart::Revision(after) if revision(view.latest) > after => {
            Some(SnapshotReason::Compacted)
        }
        WatchStart::Revision(_) => None,
    };
    match reason {
        Some(reason) => queue.snapshot(view.snapshot(reason), reason),
        None => {
            let progress = Batch::Progress {
                revision: view.now(),
            };
            queue.push(progress, false);
        }
    }
    follower.knows(&view);
    let producer = tokio::spawn(produce(follower, queue.clone()));
    Ok(queue.stream(producer))
}

async fn produce(mut follower: Follower, queue: Arc<WatchQueue>) {
    let closed = follower.closed();
    let error = tokio::select! {
        () = closed.cancelled() => None,
        error = fill(&mut follower, &queue) => Some(error),
    };
    queue.end(error);
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
    if always || !follower.is_known(&view) {
        queue.snapshot(view.snapshot(reason), reason);
        follower.knows(&view);
    } else {
        queue.set_status(WatchStatus::Live);
    }
    Ok(())
}
