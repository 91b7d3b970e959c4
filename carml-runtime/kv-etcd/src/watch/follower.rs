//! Follows the changes of a scope over any number of connections.

use std::{cmp::Ordering, collections::VecDeque, time::Duration};

use carml_kv::{
    Error, ErrorKind, SnapshotReason, WatchStatus,
    client::{Backoff, Call},
};
use etcd_client::{
    Error as EtcdError, WatchOptions, WatchResponse, WatchStream, proto::PbKeyValue,
};
use tokio::time::timeout;

use super::events::{Pieces, RawEvent};
use crate::{
    Etcd,
    cluster::{Connection, MAX_MESSAGE},
    scan::Scope,
};

/// The history is complete if nothing arrives for this long. etcd sends it without a mark at its end, and
/// its answers to requests for progress may overtake events before 3.4.25 and 3.5.8.
const QUIET: Duration = Duration::from_millis(500);

/// What happened.
pub(crate) enum Step {
    Status(WatchStatus),
    /// The whole state, from which on changes follow as they happen.
    Snapshot {
        kvs: Vec<PbKeyValue>,
        revision: i64,
        reason: SnapshotReason,
    },
    /// All changes of one revision in the watched range.
    Events {
        revision: i64,
        events: Vec<RawEvent>,
    },
    /// No more changes up to this revision.
    Progress(i64),
}

enum State {
    /// Reads a snapshot.
    Resync(SnapshotReason),
    /// Finds out how much history there is, then opens a stream.
    Resume,
    /// Opens a stream; its history ends at `upto`, if there is any.
    Open {
        upto: Option<i64>,
    },
    Streaming(Box<Stream>),
}

struct Stream {
    watch: WatchStream,
    connection: Connection,
    pieces: Pieces,
    upto: Option<i64>,
}

pub(crate) struct Follower {
    etcd: Etcd,
    op: &'static str,
    scope: Scope,
    /// Everything up to this revision was returned.
    revision: i64,
    state: State,
    ready: VecDeque<Step>,
    backoff: Backoff,
}

impl Follower {
    /// Follows what comes after a revision that was just read.
    pub(crate) fn after(etcd: &Etcd, op: &'static str, scope: Scope, revision: i64) -> Follower {
        Follower::begin(etcd, op, scope, revision, State::Open { upto: None })
    }

    /// Follows what comes after a revision of any time: first the history up to `now`, then a
    /// [`Step::Progress`].
    pub(crate) fn resume(
        etcd: &Etcd,
        op: &'static str,
        scope: Scope,
        revision: i64,
        now: i64,
    ) -> Follower {
        let mut follower = Follower::begin(etcd, op, scope, revision, State::Resume);
        follower.resume_at(now);
        follower
    }

    fn begin(etcd: &Etcd, op: &'static str, scope: Scope, revision: i64, state: State) -> Follower {
        Follower {
            etcd: etcd.clone(),
            op,
            scope,
            revision,
            state,
            ready: VecDeque::new(),
            backoff: etcd.shared.cluster.backoff(),
        }
    }

    /// Begins again with a snapshot.
    pub(crate) fn resync(&mut self, reason: SnapshotReason) {
        self.ready.clear();
        self.enter_resync(reason);
    }

    /// Closes the stream; the next step opens another one where this one was.
    pub(crate) fn suspend(&mut self) {
        if let State::Streaming(stream) = &self.state {
            self.state = State::Open { upto: stream.upto };
        }
    }

    fn enter_resync(&mut self, reason: SnapshotReason) {
        self.state = State::Resync(reason);
        let status = WatchStatus::Resyncing(reason);
        self.ready.push_back(Step::Status(status));
    }

    /// The next step. Waits through every outage; fails only with what cannot pass by itself.
    pub(crate) async fn next(&mut self) -> Result<Step, Error> {
        loop {
            if let Some(step) = self.ready.pop_front() {
                return Ok(step);
            }
            match self.advance().await {
                Ok(()) => self.backoff.reset(),
                Err(e) if e.kind == ErrorKind::Unavailable => {
                    if matches!(self.state, State::Open { .. } | State::Streaming(_)) {
                        self.state = State::Resume;
                        self.ready.push_back(Step::Status(WatchStatus::Replaying));
                    }
                    tokio::time::sleep(self.backoff.pause()).await;
                }
                Err(e) => return Err(e),
            }
        }
    }

    async fn advance(&mut self) -> Result<(), Error> {
        let call = Call::read(self.op);
        match &mut self.state {
            State::Resync(reason) => {
                let reason = *reason;
                let (kvs, revision) = self.etcd.scan(&call, &self.scope, None, false).await?;
                self.revision = revision;
                self.ready.push_back(Step::Snapshot {
                    kvs,
                    revision,
                    reason,
                });
                self.state = State::Open { upto: None };
                Ok(())
            }
            State::Resume => {
                let now = self.etcd.revision(&call, &self.scope).await?;
                self.resume_at(now);
                Ok(())
            }
            State::Open { upto } => {
                let upto = *upto;
                self.open(upto).await
            }
            State::Streaming(_) => self.receive().await,
        }
    }

    fn resume_at(&mut self, now: i64) {
        match now.cmp(&self.revision) {
            Ordering::Less => self.enter_resync(SnapshotReason::IndexReset),
            Ordering::Equal => {
                self.caught_up(now);
                self.state = State::Open { upto: None };
            }
            Ordering::Greater => self.state = State::Open { upto: Some(now) },
        }
    }

    async fn open(&mut self, upto: Option<i64>) -> Result<(), Error> {
        let range = self.scope.range();
        let mut options = WatchOptions::new()
            .with_start_revision(self.revision + 1)
            .with_prev_key()
            .with_progress_notify()
            .with_fragment();
        if !range.end.is_empty() {
            options = options.with_range(range.end.clone());
        }
        let key = range.key.clone();
        let opened = self.etcd.shared.cluster.open(self.op, |client| {
            let (key, options) = (key.clone(), options.clone());
            async move {
                let mut watch = client.watch_client().max_decoding_message_size(MAX_MESSAGE);
                let mut watch = watch.watch(key, Some(options)).await?;
                let first = watch.message().await?;
                let first = first.ok_or_else(|| EtcdError::WatchError(ENDED.to_owned()))?;
                Ok((watch, first))
            }
        });
        let ((watch, first), connection) = opened.await?;
        self.state = State::Streaming(Box::new(Stream {
            watch,
            connection,
            pieces: Pieces::default(),
            upto,
        }));
        self.handle(first)
    }

    async fn receive(&mut self) -> Result<(), Error> {
        let State::Streaming(stream) = &mut self.state else {
            return Ok(());
        };
        let received = match stream.upto {
            None => stream.watch.message().await,
            Some(_) => match timeout(QUIET, stream.watch.message()).await {
                Ok(received) => received,
                Err(_) => {
                    stream.upto = None;
                    self.caught_up(self.revision);
                    return Ok(());
                }
            },
        };
        let error = match received {
            Ok(Some(response)) => return self.handle(response),
            Ok(None) => EtcdError::WatchError(ENDED.to_owned()),
            Err(e) => e,
        };
        let cluster = &self.etcd.shared.cluster;
        Err(cluster.broken(self.op, &stream.connection, error))
    }

    fn handle(&mut self, response: WatchResponse) -> Result<(), Error> {
        let State::Streaming(stream) = &mut self.state else {
            return Ok(());
        };
        let response = response.0;
        if response.canceled {
            if response.compact_revision > 0 {
                self.enter_resync(SnapshotReason::Compacted);
                return Ok(());
            }
            // A refusal is a refusal when the range is read again, before the next stream.
            let error = EtcdError::WatchError(response.cancel_reason);
            let cluster = &self.etcd.shared.cluster;
            return Err(cluster.broken(self.op, &stream.connection, error));
        }
        if response.events.is_empty() {
            let now = response.header.map_or(0, |header| header.revision);
            if !response.created && stream.upto.is_none() && now > self.revision {
                self.revision = now;
                self.ready.push_back(Step::Progress(now));
            }
            return Ok(());
        }
        for (revision, events) in stream.pieces.add(response.events, response.fragment) {
            if revision > self.revision {
                self.changed(revision, events);
            }
        }
        Ok(())
    }

    fn changed(&mut self, revision: i64, events: Vec<RawEvent>) {
        let State::Streaming(stream) = &mut self.state else {
            return;
        };
        let ends = stream.upto.take_if(|upto| *upto <= revision);
        if let Some(upto) = ends.filter(|upto| *upto < revision) {
            self.caught_up(upto);
        }
        self.revision = revision;
        self.ready.push_back(Step::Events { revision, events });
        if ends == Some(revision) {
            self.caught_up(revision);
        }
    }

    fn caught_up(&mut self, revision: i64) {
        self.ready.push_back(Step::Progress(revision));
        self.ready.push_back(Step::Status(WatchStatus::Live));
    }
}

const ENDED: &str = "the server ended the watch";
