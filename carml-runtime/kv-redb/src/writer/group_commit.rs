//! Group commit: which writes share a commit.

use std::{
    sync::mpsc::Receiver,
    time::{Duration, Instant},
};

use super::{Command, Queued, Reply};

/// At most this many writes share a commit.
const MAX_WRITES: usize = 256;
/// At most this long is waited for more writes.
const MAX_WAIT: Duration = Duration::from_millis(1);
/// One sleep of that wait. If a sixteenth of a commit is shorter, there is no wait: waking up would
/// cost more.
const POLL: Duration = Duration::from_micros(100);

/// Writes for one commit, and whether to close after it.
#[derive(Default)]
pub(super) struct Group {
    pub(super) writes: Vec<Queued>,
    pub(super) close: Option<Reply<()>>,
}

/// Size and duration of the last commit. Writers that were answered together tend to write again at
/// nearly the same time: a short wait for them saves whole commits. A single writer never waits.
#[derive(Default)]
pub(super) struct CommitPacer {
    size: usize,
    took: Duration,
}

impl CommitPacer {
    pub(super) fn record(&mut self, size: usize, took: Duration) {
        (self.size, self.took) = (size, took);
    }

    /// Collects what is queued, and what arrives within a sixteenth of a commit if the last commit
    /// had more writes.
    pub(super) fn gather(&self, first: Option<Command>, inbox: &Receiver<Command>) -> Group {
        let until = Instant::now() + (self.took / 16).min(MAX_WAIT);
        let (mut group, mut next) = (Group::default(), first);
        while let Some(command) = next {
            match command {
                Command::Write(write, reply) => group.writes.push((write, reply)),
                Command::Close(reply) => {
                    group.close = Some(reply);
                    break;
                }
            }
            if group.writes.len() == MAX_WRITES {
                break;
            }
            next = inbox.try_recv().ok();
            while next.is_none() && group.writes.len() < self.size && Instant::now() + POLL <= until
            {
                std::thread::sleep(POLL);
                next = inbox.try_recv().ok();
            }
        }
        group
    }
}
