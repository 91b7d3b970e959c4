//! The thread that writes a partial file, and its journal.

use std::{
    fs::{File, OpenOptions},
    io::{self, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use bytes::Bytes;
use carml_files::{Durability, Staging};
use tokio::{
    sync::mpsc::{Receiver, Sender, channel},
    task::JoinHandle,
};

use super::{hashing::Hashing, journal::Journal, ranges::Ranges};
use crate::{Checksum, Error, ErrorKind, cache::KeyLock, checksum::Digests};

/// How many pieces may wait: with pieces of the HTTP client's size, a few MiB.
const QUEUE: usize = 16;

/// The journal is rewritten after so many bytes, or so long.
const CHECKPOINT_BYTES: u64 = 64 * 1024 * 1024;
const CHECKPOINT_TIME: Duration = Duration::from_secs(1);

/// Where a partial file is.
#[derive(Clone, Debug)]
pub(crate) struct PartFiles {
    pub(crate) data: PathBuf,
    pub(crate) journal: PathBuf,
    /// For journals: never synced.
    pub(crate) staging: Staging,
    pub(crate) durability: Durability,
}

impl PartFiles {
    /// Removes both.
    pub(crate) fn remove(&self) {
        // The journal first: without it, data counts for nothing. What stays is overwritten.
        let _ = std::fs::remove_file(&self.journal);
        let _ = std::fs::remove_file(&self.data);
    }

    /// What an earlier transfer left, if its bytes are there.
    pub(crate) fn journal(&self) -> Option<Journal> {
        let journal = Journal::read(&self.journal)?;
        let length = std::fs::metadata(&self.data).ok()?.len();
        journal.ranges.is_valid(length).then_some(journal)
    }
}

enum Command {
    Write {
        offset: u64,
        bytes: Bytes,
    },
    /// From the first byte, of this file.
    Begin(Journal),
    Finish,
}

/// A handle of the thread. Dropping it keeps the partial file.
pub(crate) struct Writer {
    commands: Sender<Command>,
    thread: JoinHandle<Result<Ended, Error>>,
}

impl Writer {
    /// Continues with what `journal` names. The thread holds the lock until it has ended.
    pub(crate) fn start(
        files: PartFiles,
        journal: Journal,
        expected: Vec<Checksum>,
        lock: KeyLock,
    ) -> Self {
        let (commands, queue) = channel(QUEUE);
        let thread = tokio::task::spawn_blocking(move || {
            let ended = run(&files, journal, &expected, queue);
            // Partial files of their own names nobody would find again.
            let is_kept = lock.is_locked() || matches!(ended, Ok(Ended::Finished(_)));
            if !is_kept || !matches!(ended, Ok(Ended::Finished(_) | Ended::Kept)) {
                files.remove();
            }
            drop(lock);
            ended
        });
        Self { commands, thread }
    }

    /// Writes bytes at an offset. On an error, `stop` says which.
    pub(crate) async fn write(&self, offset: u64, bytes: Bytes) -> Result<(), Failed> {
        self.send(Command::Write { offset, bytes }).await
    }

    /// Throws away what is there; what follows is described by `journal`, whose ranges are empty.
    pub(crate) async fn begin(&self, journal: Journal) -> Result<(), Failed> {
        self.send(Command::Begin(journal)).await
    }

    async fn send(&self, command: Command) -> Result<(), Failed> {
        self.commands.send(command).await.map_err(|_| Failed)
    }

    /// Waits until all is written, synced and hashed.
    pub(crate) async fn finish(self) -> Result<Digests, Error> {
        // An error here is the thread's, which is next.
        let _ = self.commands.send(Command::Finish).await;
        drop(self.commands);
        match self.thread.await {
            Ok(Ok(Ended::Finished(digests))) => Ok(digests),
            Ok(Err(error)) => Err(error),
            Ok(Ok(_)) | Err(_) => Err(stopped()),
        }
    }

    /// Waits until what can be continued later is on the disk.
    pub(crate) async fn stop(self) -> Result<(), Error> {
        drop(self.commands);
        self.thread.await.map_err(|_| stopped())?.map(|_| ())
    }
}

fn stopped() -> Error {
    Error::new(ErrorKind::Cancelled, "the writer was stopped")
}

/// How the thread ended.
enum Ended {
    Finished(Digests),
    /// The partial file can be continued.
    Kept,
    /// It cannot.
    Useless,
}

/// The thread has ended with an error, which [`Writer::stop`] gives.
#[derive(Debug)]
pub(crate) struct Failed;

fn run(
    files: &PartFiles,
    journal: Journal,
    expected: &[Checksum],
    mut queue: Receiver<Command>,
) -> Result<Ended, Error> {
    let failed = |tried| move |error| Error::io(&files.data, tried, error);
    let mut part = Part::open(files, journal, expected).map_err(failed("cannot open"))?;
    while let Some(command) = queue.blocking_recv() {
        match command {
            Command::Write { offset, bytes } => {
                part.write(offset, bytes).map_err(failed("cannot write"))?;
                part.checkpoint_if_due().map_err(failed("cannot sync"))?;
            }
            Command::Begin(journal) => {
                part.begin(journal, expected)
                    .map_err(failed("cannot write"))?;
            }
            Command::Finish => {
                return part
                    .finish()
                    .map(Ended::Finished)
                    .map_err(failed("cannot sync"));
            }
        }
    }
    if !part.is_resumable() {
        return Ok(Ended::Useless);
    }
    part.checkpoint().map_err(failed("cannot sync"))?;
    Ok(Ended::Kept)
}

struct Part<'a> {
    files: &'a PartFiles,
    file: File,
    journal: Journal,
    hashing: Hashing,
    unsynced: u64,
    synced_at: Instant,
}

impl<'a> Part<'a> {
    fn open(files: &'a PartFiles, journal: Journal, expected: &[Checksum]) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&files.data)?;
        let mut hashing = Hashing::start(&files.data, expected)?;
        hashing.catch_up(journal.ranges.front());
        Ok(Self {
            files,
            file,
            journal,
            hashing,
            unsynced: 0,
            synced_at: Instant::now(),
        })
    }

    fn begin(&mut self, journal: Journal, expected: &[Checksum]) -> io::Result<()> {
        // The old journal must not describe new bytes.
        carml_files::folder::remove_file(&self.files.journal, self.files.durability)?;
        self.file.set_len(0)?;
        if let Some(size) = journal.size {
            reserve(&self.file, size)?;
        }
        self.journal = Journal {
            ranges: Ranges::default(),
            ..journal
        };
        self.hashing = Hashing::start(&self.files.data, expected)?;
        self.unsynced = 0;
        self.synced_at = Instant::now();
        Ok(())
    }

    fn write(&mut self, offset: u64, bytes: Bytes) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(offset))?;
        self.file.write_all(&bytes)?;
        let length = bytes.len() as u64;
        self.journal.ranges.add(offset, offset + length);
        self.unsynced += length;
        let front = self.journal.ranges.front();
        self.hashing.written(offset, bytes, front);
        Ok(())
    }

    fn checkpoint_if_due(&mut self) -> io::Result<()> {
        let is_due =
            self.unsynced >= CHECKPOINT_BYTES || self.synced_at.elapsed() >= CHECKPOINT_TIME;
        if is_due { self.checkpoint() } else { Ok(()) }
    }

    fn checkpoint(&mut self) -> io::Result<()> {
        if self.unsynced == 0 {
            return Ok(());
        }
        self.sync()?;
        self.journal
            .write(&self.files.journal, &self.files.staging)?;
        self.unsynced = 0;
        self.synced_at = Instant::now();
        Ok(())
    }

    /// Whether a later transfer could continue.
    fn is_resumable(&self) -> bool {
        let is_versioned = self.journal.validator.is_some() || self.journal.checksum.is_some();
        is_versioned && self.journal.ranges.len() > 0
    }

    fn sync(&self) -> io::Result<()> {
        match self.files.durability {
            Durability::Synced => self.file.sync_data(),
            Durability::Unsynced => Ok(()),
        }
    }

    fn finish(mut self) -> io::Result<Digests> {
        // A crash before the rename is then resumed without a request.
        self.unsynced = self.unsynced.max(1);
        self.journal.size.get_or_insert(self.journal.ranges.front());
        self.file.set_len(self.journal.ranges.front())?;
        self.checkpoint()?;
        self.hashing.finish()
    }
}

/// Reserves blocks, so that a full disk shows before the transfer.
#[cfg(target_os = "linux")]
fn reserve(file: &File, size: u64) -> io::Result<()> {
    use rustix::{
        fs::{FallocateFlags, fallocate},
        io::Errno,
    };
    if size == 0 {
        return Ok(());
    }
    match fallocate(file, FallocateFlags::KEEP_SIZE, 0, size) {
        // Not all file systems can.
        Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(target_os = "linux"))]
fn reserve(_: &File, _: u64) -> io::Result<()> {
    Ok(())
}

/// Whether a path is on a disk with this much room, or `None` if the system does not say.
pub(crate) fn free_space(path: &Path) -> Option<u64> {
    #[cfg(unix)]
    {
        let space = rustix::fs::statvfs(path).ok()?;
        Some(space.f_bavail.saturating_mul(space.f_frsize))
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}
