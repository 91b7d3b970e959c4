//! Folders: created for their owner alone, synced, removed when empty.

use std::{
    fs::{self, DirBuilder},
    io::{self, ErrorKind},
    path::Path,
};

use crate::Durability;

/// Creates a folder and those above it that do not exist. New ones are for their owner alone
/// (mode 0700).
///
/// # Errors
///
/// `NotADirectory` if there is a file of that name; else as the system says.
pub fn create(path: &Path, durability: Durability) -> io::Result<()> {
    match create_one(path) {
        Ok(()) => sync_parent(path, durability),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => Ok(()),
            Ok(_) => Err(ErrorKind::NotADirectory.into()),
            Err(error) => Err(error),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let parent = path.parent().filter(|parent| *parent != Path::new(""));
            create(parent.ok_or(error)?, durability)?;
            match create_one(path) {
                Ok(()) => sync_parent(path, durability),
                // Another process was faster.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
                Err(error) => Err(error),
            }
        }
        Err(error) => Err(error),
    }
}

fn create_one(path: &Path) -> io::Result<()> {
    #[cfg_attr(not(unix), expect(unused_mut))]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Makes the names in a folder durable: what was created, renamed or removed in it.
///
/// # Errors
///
/// As the system says.
pub fn sync(path: &Path, durability: Durability) -> io::Result<()> {
    // Windows has no such call, and needs none.
    if durability == Durability::Unsynced || !cfg!(unix) {
        return Ok(());
    }
    fs::File::open(path)?.sync_all()
}

/// [`sync`] of the folder that a path is in.
pub(crate) fn sync_parent(path: &Path, durability: Durability) -> io::Result<()> {
    sync(parent_of(path), durability)
}

/// The folder that a path is in.
pub(crate) fn parent_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// Removes a file. `false`: there was none.
///
/// # Errors
///
/// As the system says; the file may be removed all the same, if only the sync failed.
pub fn remove_file(path: &Path, durability: Durability) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => match sync_parent(path, durability) {
            // Another process has removed the folder since.
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
            synced => synced.map(|()| true),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Removes the folder that a path is in, and those above it below `root`, while they are empty.
pub fn remove_empty_parents(path: &Path, root: &Path) {
    let above = path.ancestors().skip(1);
    for folder in above.take_while(|folder| folder.starts_with(root) && *folder != root) {
        if fs::remove_dir(folder).is_err() {
            return;
        }
    }
}

/// Whether users other than the owner may write in a folder. Always `false` on systems without
/// Unix permissions.
///
/// # Errors
///
/// As the system says.
pub fn is_writable_by_others(path: &Path) -> io::Result<bool> {
    let metadata = fs::metadata(path)?;
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions());
        Ok(mode & 0o022 != 0)
    }
    #[cfg(not(unix))]
    {
        drop(metadata);
        Ok(false)
    }
}
