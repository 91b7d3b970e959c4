//! Locks between processes.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    path::Path,
    time::Duration,
};

/// A lock on a file that exists only to be locked. The lock ends when it is dropped, and when the
/// process ends, even after a crash. The file stays: if the file itself were the lock, it would
/// outlive its holder.
///
/// On a file system without locks the calls fail with `Unsupported`.
#[derive(Debug)]
pub struct Lock {
    // Closing the file ends the lock.
    file: File,
}

impl Lock {
    /// Waits until nobody else has it.
    ///
    /// # Errors
    ///
    /// As the system says.
    pub fn exclusive(path: &Path) -> io::Result<Self> {
        let file = open(path)?;
        file.lock().map_err(unsupported)?;
        Ok(Self { file })
    }

    /// Waits until nobody has it exclusively.
    ///
    /// # Errors
    ///
    /// As the system says.
    pub fn shared(path: &Path) -> io::Result<Self> {
        let file = open(path)?;
        file.lock_shared().map_err(unsupported)?;
        Ok(Self { file })
    }

    /// Takes it if nobody has it. `None`: somebody has.
    ///
    /// # Errors
    ///
    /// As the system says.
    pub fn try_exclusive(path: &Path) -> io::Result<Option<Self>> {
        let file = open(path)?;
        tried(file.try_lock(), file)
    }

    /// Takes it if nobody has it exclusively. `None`: somebody has.
    ///
    /// # Errors
    ///
    /// As the system says.
    pub fn try_shared(path: &Path) -> io::Result<Option<Self>> {
        let file = open(path)?;
        tried(file.try_lock_shared(), file)
    }

    /// As [`exclusive`](Self::exclusive), but gives up after `limit`. `None`: it was held all the
    /// time.
    ///
    /// # Errors
    ///
    /// As the system says.
    pub fn exclusive_within(path: &Path, limit: Duration) -> io::Result<Option<Self>> {
        const PAUSE: Duration = Duration::from_millis(20);
        let start = std::time::Instant::now();
        loop {
            if let Some(lock) = Self::try_exclusive(path)? {
                return Ok(Some(lock));
            }
            if start.elapsed() >= limit {
                return Ok(None);
            }
            std::thread::sleep(PAUSE.min(limit));
        }
    }

    /// Makes an exclusive lock a shared one. Others may take it exclusively in between, where the
    /// system does not convert it at once.
    ///
    /// # Errors
    ///
    /// As the system says. The lock is given up then.
    pub fn into_shared(self) -> io::Result<Self> {
        // Windows would keep both.
        if cfg!(windows) {
            self.file.unlock()?;
        }
        self.file.lock_shared().map_err(unsupported)?;
        Ok(self)
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn tried(result: Result<(), TryLockError>, file: File) -> io::Result<Option<Lock>> {
    match result {
        Ok(()) => Ok(Some(Lock { file })),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(unsupported(error)),
    }
}

/// NFS without a lock daemon answers ENOLCK, which has no kind of its own.
fn unsupported(error: io::Error) -> io::Error {
    const ENOLCK: i32 = if cfg!(target_os = "linux") { 37 } else { 77 };
    if cfg!(unix) && error.raw_os_error() == Some(ENOLCK) {
        return io::Error::new(io::ErrorKind::Unsupported, error);
    }
    error
}
