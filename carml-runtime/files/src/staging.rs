//! The folder where files are written before they are published.

use std::{
    fs::{self, DirEntry},
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use tempfile::Builder;

use crate::{Staged, StagedFolder, folder};

/// What staged files are called; other names in the folder are left alone.
const PREFIX: &str = "tmp-";

/// Whether data and names are synced to the disk before a call returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// They are: what was published is there after a power failure.
    Synced,
    /// They are not: after a power failure, a published file may be missing or empty.
    Unsynced,
}

impl Durability {
    /// `durable: true` of a config.
    pub fn from_durable(durable: bool) -> Self {
        if durable {
            Self::Synced
        } else {
            Self::Unsynced
        }
    }
}

/// A staging folder. Cheap to clone; processes may share one.
#[derive(Clone, Debug)]
pub struct Staging {
    folder: PathBuf,
    durability: Durability,
}

/// What [`Staging::sweep`] removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// How many files and folders.
    pub entries: usize,
    /// The size of the files that were not in a folder, in bytes.
    pub bytes: u64,
}

impl Staging {
    /// Creates the folder, unless it exists.
    ///
    /// # Errors
    ///
    /// As the system says.
    pub fn open(folder: impl Into<PathBuf>, durability: Durability) -> io::Result<Self> {
        let folder = folder.into();
        folder::create(&folder, durability)?;
        Ok(Self { folder, durability })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// Whether what is published is synced.
    pub fn durability(&self) -> Durability {
        self.durability
    }

    /// A new file with a name of its own, for its owner alone (mode 0600).
    ///
    /// # Errors
    ///
    /// As the system says.
    pub fn stage(&self) -> io::Result<Staged> {
        let file = self.retried(|| Builder::new().prefix(PREFIX).tempfile_in(&self.folder))?;
        Ok(Staged::new(file, self.durability))
    }

    /// A new empty folder with a name of its own, for its owner alone (mode 0700).
    ///
    /// # Errors
    ///
    /// As the system says.
    pub fn stage_folder(&self) -> io::Result<StagedFolder> {
        let folder = self.retried(|| Builder::new().prefix(PREFIX).tempdir_in(&self.folder))?;
        Ok(StagedFolder::new(folder, self.durability))
    }

    /// Removes what was last written longer ago than `age`: processes that ended without cleaning
    /// up left it. Of several processes that sweep at once, each counts what it removed.
    ///
    /// # Errors
    ///
    /// As the system says, if the folder cannot be read. An entry that cannot be removed is left
    /// for the next sweep.
    pub fn sweep(&self, age: Duration) -> io::Result<Swept> {
        let Some(before) = SystemTime::now().checked_sub(age) else {
            return Ok(Swept::default());
        };
        let mut swept = Swept::default();
        for entry in fs::read_dir(&self.folder)? {
            let Some(bytes) = entry
                .and_then(|entry| remove_older(&entry, before))
                .ok()
                .flatten()
            else {
                continue;
            };
            swept.entries += 1;
            swept.bytes += bytes;
        }
        Ok(swept)
    }

    /// Once more, if somebody has removed the folder.
    fn retried<T>(&self, make: impl Fn() -> io::Result<T>) -> io::Result<T> {
        match make() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                folder::create(&self.folder, self.durability)?;
                make()
            }
            made => made,
        }
    }
}

/// Removes an entry if it is staged and older than `before`; gives its size.
fn remove_older(entry: &DirEntry, before: SystemTime) -> io::Result<Option<u64>> {
    if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
        return Ok(None);
    }
    let metadata = entry.metadata()?;
    if metadata.modified()? > before {
        return Ok(None);
    }
    if metadata.is_dir() {
        fs::remove_dir_all(entry.path())?;
        return Ok(Some(0));
    }
    fs::remove_file(entry.path())?;
    Ok(Some(metadata.len()))
}
