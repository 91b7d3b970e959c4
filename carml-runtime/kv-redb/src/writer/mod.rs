//! The writer thread: commits queued writes as one transaction, then publishes the changes and
//! sends the replies. A reply is only sent after its commit is on disk.

mod group_commit;
mod log;
mod stage;

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

use self::{
    group_commit::{CommitPacer, Group},
    stage::{Stage, Staged},
};
use super::{
    error::{commit_error, describe},
    shared::Shared,
};
use carml_kv::{Committed, Error, Txn};

/// The pause before a failed commit of expired leases is retried.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

pub(super) type Reply<T> = oneshot::Sender<Result<T, Error>>;

pub(super) enum Command {
    Write(Write, Reply<Committed>),
    Close(Reply<()>),
}

/// A write and its reply channel.
type Queued = (Write, Reply<Committed>);

pub(super) enum Write {
    Txn(Txn),
    /// Takes a revision of its own, as a fencing token.
    Token,
    /// The revision becomes the id of the lease.
    Grant(Duration),
    Revoke(u64),
}

/// Closes the store when the thread ends, also by a panic.
struct Ending<'a>(&'a Shared);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        // Nobody waits for the result here.
        let _ = self.0.close(std::thread::panicking());
    }
}

pub(super) fn run(shared: &Shared, inbox: &Receiver<Command>) {
    let _ending = Ending(shared);
    let (mut pause, mut pacer) = (Duration::ZERO, CommitPacer::default());
    loop {
        let command = match inbox.recv_timeout(until_expiry(shared).max(pause)) {
            Ok(command) => Some(command),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return,
        };
        let Group { writes, close } = pacer.gather(command, inbox);
        let (start, size) = (Instant::now(), writes.len());
        let done = commit(shared, writes);
        pacer.record(size, start.elapsed());
        pause = if done { Duration::ZERO } else { RETRY_PAUSE };
        if let Some(reply) = close {
            let _ = reply.send(shared.close(false));
            return;
        }
    }
}

fn until_expiry(shared: &Shared) -> Duration {
    const LONG: Duration = Duration::from_secs(3600);
    let next = shared.leases.next_deadline();
    next.map_or(LONG, |d| d.saturating_duration_since(Instant::now()))
}

/// Whether the commit is on disk.
fn commit(shared: &Shared, group: Vec<Queued>) -> bool {
    let expired = shared.leases.expired();
    if group.is_empty() && expired.is_empty() {
        return true;
    }
    let (writes, replies): (Vec<Write>, Vec<Reply<Committed>>) = group.into_iter().unzip();
    match store(shared, &writes, &expired) {
        Ok(staged) => {
            publish(shared, &staged);
            for (reply, answer) in replies.into_iter().zip(staged.answers) {
                let _ = reply.send(answer);
            }
            true
        }
        Err(failure) => {
            for reply in replies {
                let _ = reply.send(Err(failure.error()));
            }
            false
        }
    }
}

/// The failure of all writes of a commit: none was applied, or, if the commit itself failed, that
/// is unknown.
struct Failure {
    committing: bool,
    cause: Arc<redb::Error>,
}

impl Failure {
    fn error(&self) -> Error {
        let error = if self.committing {
            commit_error(&self.cause)
        } else {
            describe("write", &self.cause)
        };
        error.with_source(self.cause.clone())
    }
}

/// Applies all writes in one transaction.
fn store(shared: &Shared, writes: &[Write], expired: &[u64]) -> Result<Staged, Failure> {
    let failed = |committing, cause| Failure {
        committing,
        cause: Arc::new(cause),
    };
    let stage = || -> Result<_, redb::Error> {
        let txn = shared.write()?;
        let staged = Stage::open(shared, &txn)?.run(writes, expired)?;
        Ok((txn, staged))
    };
    let (txn, staged) = stage().map_err(|e| failed(false, e))?;
    txn.commit().map_err(|e| failed(true, e.into()))?;
    Ok(staged)
}

fn publish(shared: &Shared, staged: &Staged) {
    for (id, ttl) in &staged.granted {
        shared.leases.add(*id, *ttl);
    }
    for id in &staged.ended {
        shared.leases.remove(*id);
    }
    for (revision, events) in &staged.changes {
        shared.watchers.publish(*revision, events);
    }
}
