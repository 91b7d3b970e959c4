//! Copies of files of the cache, where the caller wants them.

use std::{
    fs::{self, File},
    io,
    path::Path,
};

use carml_files::{Durability, Publish, Staging};

use crate::Error;

/// Copies a file, or a folder, to a path: whole or not at all. A clone where the file system has
/// them; never a hard link, through which an edit would change the cache.
pub(crate) fn place(from: &Path, to: &Path, durability: Durability) -> Result<(), Error> {
    let failed = |error| Error::io(to, "cannot place the file", error);
    let to = std::path::absolute(to).map_err(failed)?;
    let parent = to.parent().unwrap_or(&to);
    let staging = Staging::open(parent, durability).map_err(failed)?;
    if from.is_dir() {
        let staged = staging.stage_folder().map_err(failed)?;
        let inner = staged.path().join("tree");
        copy_tree(from, &inner, durability).map_err(failed)?;
        return fs::rename(&inner, &to).map_err(failed);
    }
    let staged = staging.stage().map_err(failed)?;
    copy(&File::open(from).map_err(failed)?, staged.as_file()).map_err(failed)?;
    set_mode(staged.as_file(), 0o644).map_err(failed)?;
    staged
        .publish(&to, Publish::Overwrite)
        .map_err(|error| failed(error.source))
}

fn copy(mut from: &File, mut to: &File) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    if rustix::fs::ioctl_ficlone(to, from).is_ok() {
        return Ok(());
    }
    io::copy(&mut from, &mut to).map(|_| ())
}

/// The tree was written by the extractor: files, folders, and links that stay inside.
fn copy_tree(from: &Path, to: &Path, durability: Durability) -> io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            copy_tree(&entry.path(), &target, durability)?;
        } else if kind.is_symlink() {
            link(&fs::read_link(entry.path())?, &target)?;
        } else {
            let copied = File::create_new(&target)?;
            copy(&File::open(entry.path())?, &copied)?;
            copied.set_permissions(entry.metadata()?.permissions())?;
            if durability == Durability::Synced {
                copied.sync_all()?;
            }
        }
    }
    Ok(())
}

#[cfg(unix)]
fn link(target: &Path, at: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, at)
}

#[cfg(not(unix))]
fn link(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(unix)]
fn set_mode(file: &File, mode: u32) -> io::Result<()> {
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(_: &File, _: u32) -> io::Result<()> {
    Ok(())
}
