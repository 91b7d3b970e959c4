//! The stream of one watch.

use std::sync::Arc;

use carml_kv::{
    Batch, Error, SnapshotReason, WatchStart, WatchStatus, WatchStream,
    client::{Call, Room, WatchQueue},
};
use etcd_client::proto::PbKeyValue;

use super::{
    events::batch,
    follower::{Follower, Step},
};
use crate::{Etcd, scan::Scope, txn::revision};

/// Starts a watch. The first read is part of the call, so its failure is the result of the call.
pub(crate) async fn subscribe(
    etcd: &Etcd,
    call: &Call<'_>,
    op: &'static str,
    scope: Scope,
    from: WatchStart,
) -> Result<WatchStream, Error> {
    let (queue, follower) = match from {
        WatchStart::Now => {
            let (kvs, at) = etcd.scan(call, &scope, None, false).await?;
            let queue = WatchQueue::new(WatchStatus::Live);
            let reason = SnapshotReason::Started;
            queue.snapshot(snapshot(etcd, kvs, at, reason), reason);
            (queue, Follower::after(etcd, op, scope.clone(), at))
        }
        WatchStart::Revision(after) => {
            let now = etcd.revision(call, &scope).await?;
            let after = i64::try_from(after.0).unwrap_or(i64::MAX - 1);
            let follower = Follower::resume(etcd, op, scope.clone(), after, now);
            (WatchQueue::new(WatchStatus::Replaying), follower)
        }
    };
    let queue = Arc::new(queue);
    let producer = tokio::spawn(produce(etcd.clone(), scope, follower, queue.clone()));
    Ok(queue.stream(producer))
}

async fn produce(etcd: Etcd, scope: Scope, mut follower: Follower, queue: Arc<WatchQueue>) {
    let error = tokio::select! {
        () = etcd.shared.closed().cancelled() => None,
        error = fill(&etcd, &scope, &mut follower, &queue) => Some(error),
    };
    queue.end(error);
}

/// Fills the queue until the watch cannot go on. While the consumer is behind, nothing is read from
/// the server: unread streams would block the others of the connection.
async fn fill(etcd: &Etcd, scope: &Scope, follower: &mut Follower, queue: &WatchQueue) -> Error {
    let mut past = *queue.status().borrow() == WatchStatus::Replaying;
    loop {
        let step = match follower.next().await {
            Ok(step) => step,
            Err(error) => return error,
        };
        let batch = match step {
            Step::Status(status) => {
                queue.set_status(status);
                let replayed = past && status == WatchStatus::Live;
                past = status == WatchStatus::Replaying;
                // The present has the whole queue.
                if replayed && !queue.is_empty() {
                    follower.suspend();
                    queue.emptied().await;
                }
                continue;
            }
            Step::Snapshot {
                kvs,
                revision,
                reason,
            } => {
                past = false;
                queue.snapshot(snapshot(etcd, kvs, revision, reason), reason);
                continue;
            }
            Step::Events { revision, events } => {
                batch(&etcd.shared.namespace, scope, revision, events)
            }
            Step::Progress(at) => Some(Batch::Progress {
                revision: revision(at),
            }),
        };
        match batch.map(|batch| queue.push(batch, past)) {
            None | Some(Room::Left) => continue,
            Some(Room::Full) => follower.suspend(),
            Some(Room::Lagged) => follower.resync(SnapshotReason::Lagged),
        }
        queue.emptied().await;
    }
}

fn snapshot(etcd: &Etcd, kvs: Vec<PbKeyValue>, at: i64, reason: SnapshotReason) -> Batch {
    let entries = kvs.into_iter();
    let entries = entries.filter_map(|kv| etcd.shared.namespace.entry(kv));
    Batch::Snapshot {
        entries: entries.collect(),
        revision: revision(at),
        reason,
    }
}
