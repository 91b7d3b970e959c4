//! Several connections for one large file.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures_util::future::try_join_all;
use http::StatusCode;

use super::{Interrupted, attempt::Attempt, ranges::Ranges};
use crate::{Error, ErrorKind, Event, http::Reply, retry::Retries};

/// From here on, what is missing is worth several connections.
const MIN_SPLIT: u64 = 64 * 1024 * 1024;

const PIECE: u64 = 16 * 1024 * 1024;

/// A part of the file: from a byte to another one, which is not in it.
type Piece = (u64, u64);

/// The work of all connections.
struct Split<'a, 'b> {
    attempt: &'a Attempt<'b>,
    size: u64,
    shared: Mutex<Shared>,
}

struct Shared {
    /// What nobody fetches yet: the first one is the last.
    pieces: Vec<Piece>,
    done: Ranges,
    received: u64,
    /// How many connections the server takes.
    connections: usize,
    retries: Retries,
}

impl Attempt<'_> {
    /// Whether the rest of a file may come by several connections: all responses must be provably
    /// of one version.
    pub(super) fn may_split(&self, reply: &Reply) -> bool {
        let progress = &*self.progress;
        let size = progress.journal.size.unwrap_or_default();
        self.transfer.transport.connections > 1
            && size.saturating_sub(progress.journal.ranges.len()) >= MIN_SPLIT
            && (reply.status == StatusCode::PARTIAL_CONTENT || reply.takes_ranges())
            && (progress.journal.validator.is_some() || self.has_checksum())
            && !reply.is_coded()
            && !progress.is_single
    }

    /// Reads `reply`, whose body begins at byte `at`, and by other connections what it does not
    /// reach.
    pub(super) async fn read_split(&mut self, reply: Reply, at: u64) -> Result<(), Interrupted> {
        let size = self.progress.journal.size.unwrap_or_default();
        let done = self.progress.journal.ranges.clone();
        let connections = self.transfer.transport.connections;
        let split = Split {
            attempt: self,
            size,
            shared: Mutex::new(Shared {
                pieces: pieces(&done, size),
                done,
                received: 0,
                connections,
                retries: self.retries.clone(),
            }),
        };
        let mut first = Some((reply, at));
        let workers = (0..connections).map(|n| split.work(n, first.take()));
        let ended = try_join_all(workers).await;
        let shared = split
            .shared
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        *self.retries = shared.retries;
        self.progress.journal.ranges = shared.done;
        self.progress.received += shared.received;
        self.progress.is_joined = true;
        if let Err(Interrupted::Restart { .. }) = &ended {
            // What follows is one stream.
            self.progress.is_single = true;
        }
        ended.map(|_| ())
    }
}

/// What is missing, in pieces, the first one last.
fn pieces(done: &Ranges, size: u64) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (start, end) in done.gaps(size) {
        let mut at = start;
        while at < end {
            let next = end.min(at + PIECE);
            pieces.push((at, next));
            at = next;
        }
    }
    pieces.reverse();
    pieces
}

impl Split<'_, '_> {
    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One connection after another, until there are no pieces, or the server wants fewer.
    async fn work(&self, n: usize, first: Option<(Reply, u64)>) -> Result<(), Interrupted> {
        let mut first = first;
        loop {
            let next = self.shared().pieces.pop();
            let Some(mut piece) = next else {
                return Ok(());
            };
            let fetched = match first.take() {
                Some((reply, at)) => self.read(reply, at, &mut piece, true).await,
                None => self.fetch(&mut piece).await,
            };
            let error = match fetched {
                Ok(()) => continue,
                Err(Interrupted::Failed(error)) => error,
                Err(interrupted) => return Err(interrupted),
            };
            let after = {
                let mut shared = self.shared();
                if piece.0 < piece.1 {
                    shared.pieces.push(piece);
                }
                let is_busy = matches!(
                    error.kind,
                    ErrorKind::Throttled { .. } | ErrorKind::Unavailable
                );
                if is_busy && shared.connections > 1 {
                    shared.connections = (shared.connections / 2).max(1);
                }
                if n >= shared.connections {
                    // Those that go on have the rest.
                    return Ok(());
                }
                let why = error.message.clone();
                let after = shared.retries.after(error)?;
                self.attempt
                    .transfer
                    .events
                    .send(Event::Retry { after, why });
                after
            };
            tokio::time::sleep(after).await;
        }
    }

    /// `piece` becomes what is missing of it.
    async fn fetch(&self, piece: &mut Piece) -> Result<(), Interrupted> {
        let attempt = self.attempt;
        let headers = attempt.range_headers(format!("bytes={}-{}", piece.0, piece.1 - 1));
        let transfer = attempt.transfer;
        let http = &transfer.transport.http;
        let reply = http.get(attempt.location, transfer.trust, &headers).await?;
        let restart = |why: &str| {
            Err(Interrupted::Restart {
                why: why.to_owned(),
                changed: true,
            })
        };
        let range = reply.content_range();
        let is_asked = range.is_some_and(|range| {
            range.start == piece.0 && range.total.is_none_or(|total| total == self.size)
        });
        if reply.status != StatusCode::PARTIAL_CONTENT || !is_asked || reply.is_coded() {
            return restart("the server does not answer with the ranges that are asked for");
        }
        if !attempt.is_same_version(&reply.validators()) {
            return restart("the file has changed");
        }
        let at = piece.0;
        self.read(reply, at, piece, false).await
    }

    /// Reads a body that begins at byte `at`, to the end of the piece. A body that `is_open` goes on
    /// to the end of the file: it is read on while the next piece is free.
    async fn read(
        &self,
        mut reply: Reply,
        mut at: u64,
        piece: &mut Piece,
        is_open: bool,
    ) -> Result<(), Interrupted> {
        loop {
            let Some(mut chunk) = reply.chunk().await? else {
                let why = format!("the body ended after {at} of {} bytes", piece.1);
                return Err(Error::new(ErrorKind::Truncated, why).into());
            };
            while !chunk.is_empty() {
                let length = chunk.len().min((piece.1 - at) as usize);
                self.take(at, chunk.split_to(length)).await?;
                at += length as u64;
                piece.0 = at;
                if at == piece.1 {
                    let mut shared = self.shared();
                    match shared.pieces.last() {
                        Some(next) if is_open && next.0 == at => *piece = *next,
                        _ => return Ok(()),
                    }
                    shared.pieces.pop();
                }
            }
        }
    }

    async fn take(&self, at: u64, bytes: Bytes) -> Result<(), Interrupted> {
        let transfer = self.attempt.transfer;
        let length = bytes.len() as u64;
        transfer.transport.take(bytes.len()).await;
        self.attempt.writer.write(at, bytes).await?;
        let there = {
            let mut shared = self.shared();
            shared.done.add(at, at + length);
            shared.received += length;
            shared.retries.received(length);
            shared.done.len()
        };
        transfer.events.progress(there, Some(self.size));
        Ok(())
    }
}
