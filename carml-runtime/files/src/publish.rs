//! Staged files and folders, and how they get their name.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Seek, SeekFrom, Write},
    path::Path,
    time::{Duration, Instant},
};

use tempfile::{NamedTempFile, TempDir};

use crate::{Durability, folder};

/// How often a folder that another process has removed in between is made again.
const ATTEMPTS: usize = 16;

/// How long a rename is tried that Windows refuses because the target is open.
const OPEN_TARGET: Duration = Duration::from_secs(2);

/// What happens to a file that has the name already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Publish {
    /// It is replaced, by a rename.
    Overwrite,
    /// It stays, and publishing fails with `AlreadyExists`: a hard link.
    Create,
}

/// Why a file was not published, or not durably.
#[derive(Debug, thiserror::Error)]
#[error("{source}")]
#[non_exhaustive]
pub struct PublishError {
    /// The reason.
    pub source: io::Error,
    /// Whether the name was given all the same: only the sync of its folder failed.
    pub published: bool,
}

impl PublishError {
    fn before(source: io::Error) -> Self {
        Self {
            source,
            published: false,
        }
    }

    fn after(source: io::Error) -> Self {
        Self {
            source,
            published: true,
        }
    }
}

/// A file in the staging folder. Dropping it removes it.
#[derive(Debug)]
pub struct Staged {
    file: NamedTempFile,
    durability: Durability,
}

impl Staged {
    pub(crate) fn new(file: NamedTempFile, durability: Durability) -> Self {
        Self { file, durability }
    }

    /// The open file.
    pub fn as_file(&self) -> &File {
        self.file.as_file()
    }

    /// Where it is until it is published.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Gives the file its name, with the folders above it.
    ///
    /// The data is synced before, the folder after it, unless the staging folder is `Unsynced`.
    ///
    /// # Errors
    ///
    /// `AlreadyExists` for [`Publish::Create`] if there is such a file, `IsADirectory` if there is
    /// such a folder, `NotADirectory` if a folder above it is a file, `Unsupported` if the file
    /// system has no hard links; else as the system says. The staged file is removed.
    pub fn publish(self, target: &Path, how: Publish) -> Result<(), PublishError> {
        if self.durability == Durability::Synced {
            self.file
                .as_file()
                .sync_all()
                .map_err(PublishError::before)?;
        }
        let durability = self.durability;
        let mut file = self.file;
        for attempt in 1.. {
            let placed = match folder::create(folder::parent_of(target), durability) {
                Ok(()) => place(file, target, how),
                Err(error) => Err((error, file)),
            };
            match placed {
                Ok(()) => break,
                Err((error, same)) if error.kind() == ErrorKind::NotFound && attempt < ATTEMPTS => {
                    file = same;
                }
                Err((error, _)) => return Err(PublishError::before(error)),
            }
        }
        match folder::sync_parent(target, durability) {
            // Another process has removed both since.
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            synced => synced.map_err(PublishError::after),
        }
    }
}

/// Gives the name, or the file back.
fn place(
    file: NamedTempFile,
    target: &Path,
    how: Publish,
) -> Result<(), (io::Error, NamedTempFile)> {
    match how {
        Publish::Create => match fs::hard_link(file.path(), target) {
            Ok(()) => Ok(()),
            Err(error) => Err((link_error(error, target), file)),
        },
        Publish::Overwrite => rename(file, target),
    }
}

fn link_error(error: io::Error, target: &Path) -> io::Error {
    match error.kind() {
        ErrorKind::AlreadyExists if target.is_dir() => ErrorKind::IsADirectory.into(),
        // What Linux says of a file system without hard links.
        ErrorKind::PermissionDenied if error.raw_os_error() == Some(1) => {
            io::Error::new(ErrorKind::Unsupported, error)
        }
        _ => error,
    }
}

fn rename(mut file: NamedTempFile, target: &Path) -> Result<(), (io::Error, NamedTempFile)> {
    let start = Instant::now();
    loop {
        let refused = match file.persist(target) {
            Ok(_) => return Ok(()),
            Err(refused) => refused,
        };
        let is_open = cfg!(windows) && refused.error.kind() == ErrorKind::PermissionDenied;
        if !is_open || start.elapsed() > OPEN_TARGET {
            return Err((refused.error, refused.file));
        }
        file = refused.file;
        std::thread::sleep(Duration::from_millis(20));
    }
}

impl Write for Staged {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.as_file_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_file_mut().flush()
    }
}

impl Seek for Staged {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.as_file_mut().seek(to)
    }
}

/// A folder in the staging folder. Dropping it removes it, with all in it.
#[derive(Debug)]
pub struct StagedFolder {
    folder: TempDir,
    durability: Durability,
}

impl StagedFolder {
    pub(crate) fn new(folder: TempDir, durability: Durability) -> Self {
        Self { folder, durability }
    }

    /// Where it is until it is published.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Gives the folder its name. The files in it are the caller's to sync.
    ///
    /// # Errors
    ///
    /// `AlreadyExists` if there is such a folder that is not empty; else as the system says. The
    /// staged folder is removed.
    pub fn publish(self, target: &Path) -> Result<(), PublishError> {
        let parent = folder::parent_of(target);
        folder::create(parent, self.durability).map_err(PublishError::before)?;
        folder::sync(self.path(), self.durability).map_err(PublishError::before)?;
        fs::rename(self.path(), target).map_err(|error| {
            PublishError::before(match error.kind() {
                ErrorKind::DirectoryNotEmpty => ErrorKind::AlreadyExists.into(),
                _ => error,
            })
        })?;
        // Nothing is left to remove.
        let _ = self.folder.keep();
        folder::sync(parent, self.durability).map_err(PublishError::after)
    }
}
