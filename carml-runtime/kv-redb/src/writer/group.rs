//! Which writes share a commit.
use std::{
    sync::mpsc::Receiver,
    time::{Duration, Instant},
};

use super::{Asked, Command, Reply};

/// The most writes in one commit.
const MOST: usize = 256;
/// The longest wait for more of them.
const LONGEST: Duration = Duration::from_millis(1);
/// One sleep of that wait. A disk so quick that a sixteenth of a commit is less is not waited for:
/// waking up would cost more.
const NAP: Duration = Duration::from_micros(100);

/// Writes for one commit, and the wish to end after it.
#[derive(Default)]
pub(super) struct Group {
    pub(super) writes: Vec<Asked>,
    pub(super) close: Option<Reply<()>>,
}

/// How the last commit went. Writers that were answered together come back together, but not at
/// once: waiting a little for them saves whole commits. A writer that is alone never waits.
#[derive(Default)]
pub(super) struct Pace {
    size: usize,
    took: Duration,
}

impl Pace {
    pub(super) fn note(&mut self, size: usize, took: Duration) {
        (self.size, self.took) = (size, took);
    }

    /// What is queued, and what comes within a sixteenth of a commit if as many are expected.
    pub(super) fn gather(&self, first: Option<Command>, inbox: &Receiver<Command>) -> Group {
        let until = Instant::now() + (self.took / 16).min(LONGEST);
        let (mut group, mut next) = (Group::default(), first);
        while let Some(command) = next {
            match command {
                Command::Write(write, reply) => group.writes.push((write, reply)),
                Command::Close(reply) => {
                    group.close = Some(reply);
                    break;
                }
            }
            if group.writes.len() == MOST {
                break;
            }
            next = inbox.try_recv().ok();
            while next.is_none() && group.writes.len() < self.size && Instant::now() + NAP <= until
            {
                std::thread::sleep(NAP);
                next = inbox.try_recv().ok();
            }
        }
        group
    }
}
