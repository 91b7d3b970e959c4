//! Objects of a folder, as they are written and removed.

use std::{
    io::{self, ErrorKind as Io, Write as _},
    path::{Path, PathBuf},
};

use bytes::Bytes;
use carml_files::{Durability, Lock, Publish, Staged, Staging, attributes, folder};
use futures_util::StreamExt as _;
use tokio::sync::{mpsc, oneshot};

use super::{
    Fs, blocking, failed,
    read::{self, CONTENT_TYPE, METADATA, SHA256},
};
use crate::{
    Applied, Body, Error, ErrorKind, Key, Mode, Object, Put, PutOptions, Sha256, memory::check_mode,
};

/// The folder of locks, in the staging folder.
pub(super) const LOCKS: &str = "locks";

/// How many chunks wait to be written.
const QUEUE: usize = 4;

pub(super) async fn put(fs: &Fs, key: &str, body: Body, options: PutOptions) -> Result<Put, Error> {
    let path = fs.path("put", key)?;
    let (chunks, mut queue) = mpsc::channel::<Bytes>(QUEUE);
    // Says that all chunks were sent: a put that is dropped before leaves nothing.
    let (complete, is_complete) = oneshot::channel::<()>();
    let (fs, name, events) = (fs.clone(), key.to_owned(), options.events.clone());
    let written = blocking("put", move || {
        let failed = |error| failed("put", &name, error);
        let mut file = fs.staging.stage().map_err(failed)?;
        let (mut sum, mut size) = (Sha256::default(), 0);
        while let Some(chunk) = queue.blocking_recv() {
            file.write_all(&chunk).map_err(failed)?;
            sum.update(&chunk);
            size += chunk.len() as u64;
        }
        if is_complete.blocking_recv().is_err() {
            return Err(Error::new(
                ErrorKind::Cancelled,
                "put",
                "the put was cancelled",
            ));
        }
        let put = Put::new(sum.hex(), size);
        if fs.has_attributes {
            describe(&file, &put, &options).map_err(|error| {
                let error = Error::io("put", error).with_what(&name);
                let message = format!("the metadata cannot be kept: {}", error.message);
                Error { message, ..error }
            })?;
        }
        publish(&fs, file, &path, &name, &options.mode)?;
        Ok(put)
    });
    let feed = async move {
        let mut stream = body.into_stream();
        while let Some(chunk) = stream.next().await {
            let chunk = chunk?;
            events.add(chunk.len() as u64);
            if chunks.send(chunk).await.is_err() {
                // The writer has failed, and says why.
                return Ok(());
            }
        }
        let _ = complete.send(());
        Ok(())
    };
    let (written, fed) = tokio::join!(written, feed);
    fed.and(written)
}

/// Records what is known of a file.
fn describe(file: &Staged, put: &Put, options: &PutOptions) -> io::Result<()> {
    let set = |name: &str, value: &str| attributes::set(file.as_file(), name, value.as_bytes());
    set(SHA256, &put.etag)?;
    if let Some(content_type) = &options.content_type {
        set(CONTENT_TYPE, content_type)?;
    }
    if options.metadata.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = options.metadata.keys().map(String::as_str).collect();
    set(METADATA, &names.join(" "))?;
    let mut all = options.metadata.iter();
    all.try_for_each(|(name, value)| set(&format!("{METADATA}.{name}"), value))
}

/// Gives a file its name, if the mode admits what is there.
fn publish(fs: &Fs, file: Staged, path: &Path, key: &str, mode: &Mode) -> Result<(), Error> {
    let _lock = lock(fs, key, mode)?;
    let how = match mode {
        Mode::Create => Publish::Create,
        Mode::Overwrite => Publish::Overwrite,
        Mode::Match(_) => {
            let found = read::open(path).and_then(|mut file| read::describe(&mut file, key));
            let found = match found {
                Ok(meta) => meta.etag,
                Err(error) if error.kind() == Io::NotFound => None,
                Err(error) => return Err(failed("put", key, error)),
            };
            check_mode(mode, found.is_some(), found.as_deref(), key)?;
            Publish::Overwrite
        }
    };
    file.publish(path, how).map_err(|error| {
        if error.published {
            let message = "the object was written, but its folder could not be synced";
            return Error::new(ErrorKind::Io, "put", message)
                .with_what(key)
                .with_applied(Applied::Maybe)
                .with_source(error);
        }
        match error.source.kind() {
            Io::AlreadyExists => {
                Error::new(ErrorKind::AlreadyExists, "put", "the object exists already")
                    .with_what(key)
            }
            _ => failed("put", key, error.source),
        }
    })
}

/// The lock of a key, so that a conditional put sees no other write between its check and its
/// rename. `None`: the file system has no locks, and the put is not conditional.
fn lock(fs: &Fs, key: &str, mode: &Mode) -> Result<Option<Lock>, Error> {
    let mut sum = Sha256::default();
    sum.update(key.as_bytes());
    let path = fs.staging.path().join(LOCKS).join(&sum.hex()[..2]);
    let locked = Lock::exclusive(&path).or_else(|error| match error.kind() {
        // Somebody has removed the folder.
        Io::NotFound => {
            folder::create(folder_of(&path), Durability::Unsynced)?;
            Lock::exclusive(&path)
        }
        _ => Err(error),
    });
    match locked {
        Ok(lock) => Ok(Some(lock)),
        Err(error) if error.kind() == Io::Unsupported && !matches!(mode, Mode::Match(_)) => {
            Ok(None)
        }
        Err(error) => Err(failed("put", key, error)),
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

pub(super) async fn delete(fs: &Fs, keys: &[Key]) -> Result<(), Error> {
    let paths: Result<Vec<(PathBuf, String)>, Error> = keys
        .iter()
        .map(|key| Ok((fs.path("delete", key.as_str())?, key.as_str().to_owned())))
        .collect();
    let (fs, paths) = (fs.clone(), paths?);
    blocking("delete", move || {
        for (path, key) in paths {
            let _lock = lock(&fs, &key, &Mode::Overwrite)?;
            match folder::remove_file(&path, fs.staging.durability()) {
                Ok(true) => folder::remove_empty_parents(&path, &fs.root),
                Ok(false) => {}
                // There is a folder of that name, or a file in the place of one: no such object.
                Err(error) if matches!(error.kind(), Io::NotADirectory | Io::IsADirectory) => {}
                Err(_) if path.is_dir() => {}
                Err(error) => return Err(failed("delete", &key, error)),
            }
        }
        Ok(())
    })
    .await
}

/// Writes an object to a path, which has all of it or is not changed.
pub(crate) async fn save(object: Object, path: &Path) -> Result<u64, Error> {
    let target = path.to_owned();
    let folder = match folder_of(path) {
        folder if folder == Path::new("") => Path::new("."),
        folder => folder,
    };
    let folder = folder.to_owned();
    let failed =
        |target: &Path, error| Error::io("save", error).with_what(target.display().to_string());
    let name = target.clone();
    let staged = blocking("save", move || {
        let staging = Staging::open(folder, Durability::Synced);
        let staged = staging.and_then(|staging| staging.stage());
        staged.map_err(|error| failed(&name, error))
    })
    .await?;
    let copy = staged.as_file().try_clone();
    let copy = copy.map_err(|error| failed(&target, error))?;
    let written = object
        .write_to(&mut tokio::fs::File::from_std(copy))
        .await?;
    blocking("save", move || {
        let published = staged.publish(&target, Publish::Overwrite);
        published.map_err(|error| failed(&target, error.source))
    })
    .await?;
    Ok(written)
}
