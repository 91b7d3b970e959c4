//! Provider `fs`: objects are files of a folder.
//!
//! The file of the key `a/b` is `a/b` in the folder. Content type, metadata and SHA-256 are
//! extended attributes of it (`user.carml.…`). What is being written is in `.carml-staging`.
//!
//! A file cannot be a folder too: where there is an object `a`, there can be no object `a/b`.

mod list;
mod read;
mod write;

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use carml_files::{Durability, Staging, attributes, folder};
use tokio::task::spawn_blocking;

use crate::{
    Body, Capabilities, Error, ErrorKind, GetOptions, Key, ListOptions, Meta, Object, Provider,
    Put, PutOptions,
    provider::{Answer, Entries},
};

pub(crate) use read::sum_of;
pub(crate) use write::save;

/// The folder of what is not an object.
const STAGING: &str = ".carml-staging";

/// The age at which staged files are removed: their process has ended.
const SWEEP: Duration = Duration::from_secs(24 * 3600);

/// The provider. Cheap to clone; processes can share a folder.
#[derive(Clone, Debug)]
pub struct Fs {
    root: Arc<Path>,
    staging: Staging,
    has_attributes: bool,
}

impl Fs {
    /// Opens a folder, which is created if it does not exist. With `durable`, data and names are
    /// synced to the disk before a call returns. It blocks: async code runs it in `spawn_blocking`.
    ///
    /// # Errors
    ///
    /// `PermissionDenied` if it cannot be written; else as the system says.
    pub fn open(root: impl Into<PathBuf>, durable: bool) -> Result<Self, Error> {
        let root: PathBuf = root.into();
        let durability = Durability::from_durable(durable);
        let opened = || -> io::Result<Self> {
            let staging = Staging::open(root.join(STAGING), durability)?;
            folder::create(&staging.path().join(write::LOCKS), durability)?;
            staging.sweep(SWEEP)?;
            Ok(Self {
                has_attributes: attributes::are_supported(&staging)?,
                root: root.as_path().into(),
                staging,
            })
        };
        opened().map_err(|error| {
            let error = Error::io("open", error);
            let message = format!("the folder cannot be used: {}", error.message);
            Error { message, ..error }.with_what(root.display().to_string())
        })
    }

    fn path(&self, op: &'static str, key: &str) -> Result<PathBuf, Error> {
        let refuse = |message| Err(Error::new(ErrorKind::InvalidKey, op, message).with_what(key));
        if key.split('/').next() == Some(STAGING) {
            return refuse("the first segment `.carml-staging` is reserved");
        }
        // On Windows these would leave the folder.
        if cfg!(windows) && key.contains(['\\', ':']) {
            return refuse("`\\` and `:` cannot be in the name of a file");
        }
        let mut path = self.root.to_path_buf();
        path.extend(key.split('/'));
        Ok(path)
    }
}

/// Runs what blocks on a thread for it.
async fn blocking<T: Send + 'static>(
    op: &'static str,
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    spawn_blocking(work).await.unwrap_or_else(|error| {
        let message = "the task was cancelled";
        Err(Error::new(ErrorKind::Cancelled, op, message).with_source(error))
    })
}

/// An error of the system for a key.
fn failed(op: &'static str, key: &str, error: io::Error) -> Error {
    let error = match error.kind() {
        io::ErrorKind::NotFound => return crate::memory::not_found(op, key),
        io::ErrorKind::NotADirectory => Error::new(
            ErrorKind::Conflict,
            op,
            "a part of the key is an object already, so nothing can be below it",
        )
        .with_source(error),
        io::ErrorKind::IsADirectory => {
            let message = "there are objects below the key, so it cannot be an object itself";
            Error::new(ErrorKind::Conflict, op, message).with_source(error)
        }
        _ => Error::io(op, error),
    };
    error.with_what(key)
}

impl Provider for Fs {
    fn name(&self) -> &'static str {
        "fs"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            create: true,
            replace: true,
            metadata: self.has_attributes,
            presign: false,
            uploads: false,
        }
    }

    fn put<'a>(&'a self, key: &'a str, body: Body, options: PutOptions) -> Answer<'a, Put> {
        Box::pin(write::put(self, key, body, options))
    }

    fn get<'a>(&'a self, key: &'a str, options: GetOptions) -> Answer<'a, Object> {
        Box::pin(read::get(self, key, options))
    }

    fn stat<'a>(&'a self, key: &'a str) -> Answer<'a, Meta> {
        Box::pin(read::stat(self, key))
    }

    fn delete<'a>(&'a self, keys: &'a [Key]) -> Answer<'a, ()> {
        Box::pin(write::delete(self, keys))
    }

    fn list(&self, prefix: &str, options: ListOptions) -> Entries {
        list::list(self, prefix, options)
    }
}
