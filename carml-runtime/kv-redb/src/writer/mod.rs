//! The writer thread: takes what is queued, commits it as one transaction, then publishes and
//! answers. An answer is only sent after its commit is on disk.

mod group;
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
    group::{Group, Pace},
    stage::{Stage, Staged},
};
use super::{
    fault::{describe, uncertain},
    shared::Shared,
};
use carml_kv::{Committed, Error, Txn};

/// How long a failed expiry waits before it is tried again.
const PAUSE: Duration = Duration::from_secs(1);

pub(super) type Reply<T> = oneshot::Sender<Result<T, Error>>;

pub(super) enum Command {
    Write(Write, Reply<Committed>),
    Close(Reply<()>),
}

/// A write and who waits for it.
type Asked = (Write, Reply<Committed>);

pub(super) enum Write {
    Txn(Txn),
    /// Takes a revision for itself: a fencing token.
    Token,
    /// The revision is the lease's name.
    Grant(Duration),
    Revoke(u64),
}

/// Closes the store when the thread ends, and says so if that is a panic.
struct Ending<'a>(&'a Shared);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        // Closing reports to whoever asked for it; here nobody did.
        let _ = self.0.close(std::thread::panicking());
    }
}

pub(super) fn run(shared: &Shared, inbox: &Receiver<Command>) {
    let _ending = Ending(shared);
    let (mut pause, mut pace) = (Duration::ZERO, Pace::default());
    loop {
        let command = match inbox.recv_timeout(until_expiry(shared).max(pause)) {
            Ok(command) => Some(command),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return,
        };
        let Group { writes, close } = pace.gather(command, inbox);
        let (start, size) = (Instant::now(), writes.len());
        let done = commit(shared, writes);
        pace.note(size, start.elapsed());
        pause = if done { Duration::ZERO } else { PAUSE };
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

/// Whether it is on disk.
fn commit(shared: &Shared, group: Vec<Asked>) -> bool {
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

/// A failure is everybody's: none of it happened, or, if the commit itself failed, nobody knows.
struct Failure {
    committing: bool,
    cause: Arc<redb::Error>,
}

impl Failure {
    fn error(&self) -> Error {
        let error = if self.committing {
            uncertain(&self.cause)
        } else {
            describe("write", &self.cause)
        };
        error.with_source(self.cause.clone())
    }
}

/// One transaction for all of it.
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
        shared.hub.publish(*revision, events);
    }
}
