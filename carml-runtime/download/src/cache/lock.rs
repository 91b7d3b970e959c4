//! Locks of the cache, between tasks and processes.

use std::{io::ErrorKind, path::Path, sync::Arc, time::Duration};

use carml_files::Lock;

use crate::Error;

/// How often a lock is tried that somebody else has.
const PAUSE: Duration = Duration::from_millis(25);

/// A held lock, or none on a file system without locks. It ends with its last copy.
#[derive(Clone, Debug)]
pub(crate) struct KeyLock(Option<Arc<Lock>>);

impl KeyLock {
    /// Whether others are kept out.
    pub(crate) fn is_locked(&self) -> bool {
        self.0.is_some()
    }

    /// Waits until nobody else has it. `waiting` is called once if somebody has. `None`: what it
    /// would be taken for is done, and those who have it may use the result for long.
    pub(crate) async fn exclusive(
        path: &Path,
        waiting: impl FnOnce(),
        is_done: impl Fn() -> bool,
    ) -> Result<Option<Self>, Error> {
        let mut waiting = Some(waiting);
        loop {
            let lock = Self::try_exclusive(path)?;
            if lock.is_some() || is_done() {
                return Ok(lock.filter(|_| !is_done()));
            }
            if let Some(waiting) = waiting.take() {
                waiting();
            }
            // A thread that waits for a lock could not be stopped.
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Waits until nobody has it exclusively.
    pub(crate) async fn shared(path: &Path) -> Result<Self, Error> {
        loop {
            if let Some(lock) = Self::attempt(path, Lock::try_shared)? {
                return Ok(lock);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// `None`: somebody has it.
    pub(crate) fn try_exclusive(path: &Path) -> Result<Option<Self>, Error> {
        Self::attempt(path, Lock::try_exclusive)
    }

    fn attempt(
        path: &Path,
        take: fn(&Path) -> std::io::Result<Option<Lock>>,
    ) -> Result<Option<Self>, Error> {
        match take(path) {
            Ok(lock) => Ok(lock.map(|lock| Self(Some(Arc::new(lock))))),
            Err(error) if error.kind() == ErrorKind::Unsupported => Ok(Some(Self(None))),
            Err(error) => Err(Error::io(path, "cannot lock", error)),
        }
    }
}
