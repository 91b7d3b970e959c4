//! One file, from its first byte to its checksum.

mod attempt;
mod files;
mod hashing;
mod journal;
#[cfg(feature = "store")]
mod objects;
mod ranges;
mod split;
mod writer;

use std::{
    collections::HashSet,
    sync::{Arc, OnceLock},
};

use self::{
    attempt::{Attempt, Received},
    writer::Writer,
};
pub(crate) use self::{
    hashing::hash_file,
    journal::Journal,
    writer::{PartFiles, free_space},
};
use crate::{
    Checksum, Error, ErrorKind, Event, Observer,
    cache::{Cache, KeyLock, Record},
    checksum::Digests,
    event::Broadcast,
    http::{Http, Validators},
    limiter::Limiter,
    policy::location::{Location, Scheme},
    request::Trust,
    retry::Retries,
};

/// How often a transfer may begin again because the file changed.
const MAX_CHANGES: u32 = 2;

/// What all transfers share.
pub(crate) struct Transport {
    pub(crate) http: Http,
    pub(crate) limiter: Limiter,
    pub(crate) attempts: u32,
    pub(crate) max_wait: std::time::Duration,
    pub(crate) max_size: u64,
    /// Of one file.
    pub(crate) connections: usize,
    /// Of `store:` URLs.
    #[cfg(feature = "store")]
    pub(crate) store: Option<carml_store::Store>,
    pub(crate) observer: OnceLock<Arc<dyn Observer>>,
}

impl Transport {
    /// Counts bytes that have arrived, and waits until they are within the rate.
    async fn take(&self, bytes: usize) {
        if let Some(observer) = self.observer.get() {
            observer.received(bytes as u64);
        }
        self.limiter.take(bytes).await;
    }
}

/// A file to transfer.
pub(crate) struct Transfer {
    pub(crate) transport: Arc<Transport>,
    pub(crate) cache: Cache,
    pub(crate) events: Arc<Broadcast>,
    pub(crate) trust: Trust,
    pub(crate) expected: Vec<Checksum>,
    /// What the URL was, if the cache still has it.
    pub(crate) known: Option<Record>,
    pub(crate) files: PartFiles,
    pub(crate) lock: KeyLock,
}

/// How a transfer ended.
pub(crate) enum Outcome {
    /// The known file is still the right one.
    NotModified,
    /// The partial file is complete and has the expected checksums.
    Complete(Complete),
}

pub(crate) struct Complete {
    pub(crate) digests: Digests,
    pub(crate) size: u64,
    pub(crate) validators: Validators,
    /// Over the network.
    pub(crate) received: u64,
}

/// Why an attempt did not get to the end.
#[derive(Debug)]
enum Interrupted {
    Failed(Error),
    /// The bytes that are there are of no use.
    Restart {
        why: String,
        changed: bool,
    },
    /// The writer has the error.
    Writer,
}

impl From<Error> for Interrupted {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<writer::Failed> for Interrupted {
    fn from(_: writer::Failed) -> Self {
        Self::Writer
    }
}

/// What is known of the file, and how much of it is there.
struct Progress {
    journal: Journal,
    validators: Validators,
    /// Whether bytes of several responses were put together.
    is_joined: bool,
    /// Over the network.
    received: u64,
    /// Hosts that answered a request for a range with all of the file.
    ignores_ranges: HashSet<String>,
    /// Whether only one connection is used.
    is_single: bool,
    changes: u32,
    /// Whether the checksum was wrong once.
    was_wrong: bool,
    /// What the place of the file says that the content is.
    recorded: Option<Checksum>,
}

impl Progress {
    /// The bytes from the first one on that are there.
    fn front(&self) -> u64 {
        self.journal.ranges.front()
    }

    /// Fails if the file changes too often.
    fn count_change(&mut self, why: &str) -> Result<(), Error> {
        self.changes += 1;
        if self.changes <= MAX_CHANGES {
            return Ok(());
        }
        let why = format!("the file keeps changing on the server: {why}");
        Err(Error::new(ErrorKind::Changed, why))
    }

    /// Forgets the bytes that are there.
    fn restart(&mut self) {
        self.journal = Journal {
            checksum: self.journal.checksum.take(),
            ..Journal::default()
        };
        self.validators = Validators::default();
        self.recorded = None;
        self.is_joined = false;
    }
}

/// Why there are no more attempts at a place.
#[derive(Debug)]
enum Ended {
    With(Error),
    /// The writer has the error.
    ByWriter,
}

impl From<Error> for Ended {
    fn from(error: Error) -> Self {
        Self::With(error)
    }
}

/// What a complete file is.
enum Finished {
    Right(Complete),
    Wrong(String),
}

impl Transfer {
    /// Tries the places of the file in order. The first one that has the right content wins.
    pub(crate) async fn run(self, candidates: &[Location]) -> Result<Outcome, Error> {
        let mut last = None;
        for location in candidates {
            match self.from(location).await {
                Ok(outcome) => return Ok(outcome),
                Err(error) => {
                    let error = error.with_what(location.shown());
                    if error.kind == ErrorKind::NoSpace || error.kind == ErrorKind::Io {
                        return Err(error);
                    }
                    tracing::debug!(%error, "a place of the file failed");
                    last = Some(error);
                }
            }
        }
        Err(last.unwrap_or_else(|| Error::new(ErrorKind::InvalidArgument, "no URL")))
    }

    async fn from(&self, location: &Location) -> Result<Outcome, Error> {
        let mut progress = self.resume();
        let mut writer = Some(self.writer(&progress));
        let outcome = self.attempts(location, &mut progress, &mut writer).await;
        // The next place continues where this one ended.
        let written = match writer {
            Some(writer) => writer.stop().await,
            None => Ok(()),
        };
        match outcome {
            Ok(outcome) => Ok(outcome),
            Err(Ended::ByWriter) => {
                written?;
                Err(Error::new(ErrorKind::Io, "the writer stopped"))
            }
            Err(Ended::With(error)) => {
                if error.kind == ErrorKind::TooLarge {
                    self.files.remove();
                }
                Err(error)
            }
        }
    }

    /// `writer` is `Some` unless it has finished.
    async fn attempts(
        &self,
        location: &Location,
        progress: &mut Progress,
        writer: &mut Option<Writer>,
    ) -> Result<Outcome, Ended> {
        let mut retries = Retries::new(self.transport.attempts, self.transport.max_wait);
        loop {
            let mut attempt = Attempt {
                transfer: self,
                location,
                writer: writer.get_or_insert_with(|| self.writer(progress)),
                progress,
                retries: &mut retries,
            };
            let interrupted = match attempt.receive().await {
                Ok(Received::NotModified) => return Ok(Outcome::NotModified),
                Ok(Received::All) => match self.finish(progress, writer.take()).await? {
                    Finished::Right(complete) => return Ok(Outcome::Complete(complete)),
                    // Once more, by one connection.
                    Finished::Wrong(why) if progress.is_joined && !progress.was_wrong => {
                        progress.was_wrong = true;
                        progress.is_single = true;
                        Interrupted::Restart {
                            why,
                            changed: false,
                        }
                    }
                    Finished::Wrong(why) => {
                        return Err(Error::new(ErrorKind::ChecksumMismatch, why).into());
                    }
                },
                Err(interrupted) => interrupted,
            };
            match interrupted {
                Interrupted::Writer => return Err(Ended::ByWriter),
                Interrupted::Failed(error) => {
                    let why = error.message.clone();
                    let after = retries.after(error)?;
                    self.events.send(Event::Retry { after, why });
                    tokio::time::sleep(after).await;
                }
                Interrupted::Restart { why, changed } => {
                    if changed {
                        progress.count_change(&why)?;
                    }
                    self.events.send(Event::Restarted { why });
                    progress.restart();
                }
            }
        }
    }

    /// Compares a file that is complete. If it is wrong, nothing of it is kept.
    async fn finish(&self, progress: &Progress, writer: Option<Writer>) -> Result<Finished, Error> {
        self.events.send(Event::Verifying);
        let lost = || Error::new(ErrorKind::Io, "the writer stopped");
        let digests = writer.ok_or_else(lost)?.finish().await?;
        let mut expected = self.expected.clone();
        expected.extend(progress.recorded.clone());
        if let Some((wanted, found)) = digests.mismatch(&expected) {
            let why = format!("expected {wanted}, found {found}");
            self.files.remove();
            return Ok(Finished::Wrong(why));
        }
        Ok(Finished::Right(Complete {
            digests,
            size: progress.front(),
            validators: progress.validators.clone(),
            received: progress.received,
        }))
    }

    /// What an earlier transfer left, as far as it can be used.
    fn resume(&self) -> Progress {
        let checksum = self.expected.first().map(Checksum::to_string);
        let journal = self.files.journal().filter(|journal| {
            // Bytes that were kept for another checksum say nothing of this one.
            checksum.is_some() && journal.checksum == checksum || journal.validator.is_some()
        });
        let journal = journal.unwrap_or_default();
        Progress {
            is_joined: journal.ranges.len() > 0,
            journal: Journal {
                checksum,
                ..journal
            },
            validators: Validators::default(),
            received: 0,
            ignores_ranges: HashSet::new(),
            is_single: false,
            changes: 0,
            was_wrong: false,
            recorded: None,
        }
    }

    fn writer(&self, progress: &Progress) -> Writer {
        Writer::start(
            self.files.clone(),
            progress.journal.clone(),
            self.expected.clone(),
            self.lock.clone(),
        )
    }

    fn check_size(&self, size: u64) -> Result<(), Error> {
        if size <= self.transport.max_size {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::TooLarge,
            format!(
                "the file has {size} bytes or more, and `max_size` is {}",
                self.transport.max_size
            ),
        ))
    }
}

impl Attempt<'_> {
    async fn receive(&mut self) -> Result<Received, Interrupted> {
        match &self.location.scheme {
            Scheme::Http | Scheme::Https => self.receive_http().await,
            Scheme::File(path) => self.receive_file(path).await,
            #[cfg(feature = "store")]
            Scheme::Store => self.receive_object().await,
            #[cfg(not(feature = "store"))]
            Scheme::Store => Err(Error::new(
                ErrorKind::Refused,
                "the download manager was built without the feature `store`",
            )
            .into()),
        }
    }
}
