//! Folders by handle: names are looked up in a folder that is open, and links are not followed.

use std::{fs::File, io, path::Path};

#[cfg(not(unix))]
pub(super) use self::by_path::Folder;
#[cfg(unix)]
pub(super) use self::unix::Folder;

#[cfg(unix)]
mod unix {
    use std::{
        ffi::OsStr,
        os::{fd::OwnedFd, unix::ffi::OsStrExt as _},
    };

    use rustix::{
        fs::{Mode, OFlags, fchmod, fstat, mkdirat, open, openat, symlinkat},
        io::Errno,
    };

    use super::{File, Path, io};

    /// An open folder.
    pub(in super::super) struct Folder(OwnedFd);

    const FOLDER: OFlags = OFlags::RDONLY
        .union(OFlags::DIRECTORY)
        .union(OFlags::NOFOLLOW)
        .union(OFlags::CLOEXEC);

    impl Folder {
        pub(in super::super) fn open(path: &Path) -> io::Result<Self> {
            Ok(Self(open(path, FOLDER, Mode::empty())?))
        }

        pub(in super::super) fn again(&self) -> io::Result<Self> {
            Ok(Self(self.0.try_clone()?))
        }

        /// A folder in it, made if it is not there.
        pub(in super::super) fn child(&self, name: &str) -> io::Result<Self> {
            match openat(&self.0, name, FOLDER, Mode::empty()) {
                Ok(folder) => return Ok(Self(folder)),
                Err(Errno::NOENT) => {}
                Err(error) => return Err(error.into()),
            }
            let mode = Mode::from_raw_mode(0o755);
            mkdirat(&self.0, name, mode)?;
            let folder = openat(&self.0, name, FOLDER, Mode::empty())?;
            // Whatever the umask is.
            fchmod(&folder, mode)?;
            Ok(Self(folder))
        }

        pub(in super::super) fn create_file(
            &self,
            name: &str,
            is_executable: bool,
        ) -> io::Result<File> {
            let flags =
                OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let mode = Mode::from_raw_mode(if is_executable { 0o755 } else { 0o644 });
            let file = openat(&self.0, name, flags, mode)?;
            fchmod(&file, mode)?;
            Ok(file.into())
        }

        /// A file that was written before, and whether it is executable.
        pub(in super::super) fn open_file(&self, name: &str) -> io::Result<(File, bool)> {
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let file = openat(&self.0, name, flags, Mode::empty())?;
            let is_executable = fstat(&file)?.st_mode & 0o100 != 0;
            Ok((file.into(), is_executable))
        }

        pub(in super::super) fn link(&self, name: &str, target: &[u8]) -> io::Result<()> {
            Ok(symlinkat(OsStr::from_bytes(target), &self.0, name)?)
        }

        /// Writes all of its file system to the disk: one call instead of one for each file.
        #[cfg(target_os = "linux")]
        pub(in super::super) fn sync(&self) -> io::Result<()> {
            Ok(rustix::fs::syncfs(&self.0)?)
        }

        #[cfg(not(target_os = "linux"))]
        pub(in super::super) fn sync(&self) -> io::Result<()> {
            rustix::fs::sync();
            Ok(())
        }
    }
}

#[cfg(not(unix))]
mod by_path {
    use std::{fs, path::PathBuf};

    use super::{File, Path, io};

    /// A folder by its path: it is in a staging folder that nobody else writes in.
    pub(in super::super) struct Folder(PathBuf);

    impl Folder {
        pub(in super::super) fn open(path: &Path) -> io::Result<Self> {
            Ok(Self(path.to_owned()))
        }

        pub(in super::super) fn again(&self) -> io::Result<Self> {
            Ok(Self(self.0.clone()))
        }

        pub(in super::super) fn child(&self, name: &str) -> io::Result<Self> {
            let path = self.0.join(name);
            match fs::create_dir(&path) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
                _ => Ok(Self(path)),
            }
        }

        pub(in super::super) fn create_file(&self, name: &str, _: bool) -> io::Result<File> {
            File::create_new(self.0.join(name))
        }

        pub(in super::super) fn open_file(&self, name: &str) -> io::Result<(File, bool)> {
            Ok((File::open(self.0.join(name))?, false))
        }

        pub(in super::super) fn link(&self, _: &str, _: &[u8]) -> io::Result<()> {
            Err(io::ErrorKind::Unsupported.into())
        }

        pub(in super::super) fn sync(&self) -> io::Result<()> {
            Ok(())
        }
    }
}
