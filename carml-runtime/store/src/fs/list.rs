//! The objects of a folder, in the order of their keys.

use std::{
    cmp::Ordering,
    collections::VecDeque,
    fs::{self, DirEntry},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use carml_files::attributes;
use futures_util::stream;

use super::{Fs, STAGING, blocking, failed, read::SHA256};
use crate::{Entry, Error, ListOptions, provider::Entries};

/// How many entries one task reads.
const BATCH: usize = 256;

pub(super) fn list(fs: &Fs, prefix: &str, options: ListOptions) -> Entries {
    let walk = Walk {
        root: Arc::clone(&fs.root),
        prefix: prefix.to_owned(),
        delimiter: options.delimiter,
        after: options.after.unwrap_or_default(),
        folders: Vec::new(),
        is_started: false,
    };
    let state = (Some(walk), VecDeque::new());
    let next = |(mut walk, mut ready): (Option<Walk>, VecDeque<Entry>)| async move {
        loop {
            if let Some(entry) = ready.pop_front() {
                return Some((Ok(entry), (walk, ready)));
            }
            let mut reading = walk.take()?;
            let read = blocking("list", move || {
                let batch = reading.batch();
                batch.map(|batch| (reading, batch))
            });
            match read.await {
                Ok((reading, batch)) => {
                    walk = (batch.len() == BATCH).then_some(reading);
                    ready = batch.into();
                }
                Err(error) => return Some((Err(error), (None, ready))),
            }
        }
    };
    Box::pin(stream::unfold(state, next))
}

/// A walk through the folders, in the order of the keys.
struct Walk {
    root: Arc<Path>,
    prefix: String,
    delimiter: bool,
    after: String,
    /// What is left of the folders that the walk is in.
    folders: Vec<VecDeque<Found>>,
    is_started: bool,
}

/// A file or a folder. The name of a folder ends with `/`: so is the order that of the keys.
struct Found {
    name: String,
    path: PathBuf,
}

impl Walk {
    fn batch(&mut self) -> Result<Vec<Entry>, Error> {
        if !self.is_started {
            self.is_started = true;
            // Nothing outside of the prefix's own folder can start with it.
            let end = self.prefix.rfind('/').map_or(0, |end| end + 1);
            let mut start = self.root.to_path_buf();
            let name = self.prefix[..end].to_owned();
            let segments = name.split_terminator('/');
            if segments
                .clone()
                .any(|s| s.is_empty() || s == "." || s == "..")
            {
                return Ok(Vec::new());
            }
            start.extend(segments);
            self.enter(&name, &start)?;
        }
        let mut batch = Vec::new();
        while batch.len() < BATCH {
            let Some(folder) = self.folders.last_mut() else {
                break;
            };
            let Some(found) = folder.pop_front() else {
                self.folders.pop();
                continue;
            };
            let is_folder = found.name.ends_with('/');
            if is_folder && !(self.delimiter && found.name.len() > self.prefix.len()) {
                self.enter(&found.name, &found.path)?;
            } else if found.name > self.after {
                batch.extend(entry(found).map_err(|error| failed("list", &self.prefix, error))?);
            }
        }
        Ok(batch)
    }

    /// Reads a folder, unless nothing in it is asked for.
    fn enter(&mut self, name: &str, path: &Path) -> Result<(), Error> {
        if name.split('/').next() == Some(STAGING) {
            return Ok(());
        }
        let entries = match fs::read_dir(path) {
            Ok(entries) => entries,
            // It was removed since its name was read, or never was there.
            Err(error) if is_absent(&error) => return Ok(()),
            Err(error) => return Err(failed("list", name, error)),
        };
        let mut all = Vec::new();
        for entry in entries {
            let found = entry.and_then(|entry| found(name, &entry));
            match found.map_err(|error| failed("list", name, error))? {
                Some(found) if self.admits(&found.name) => all.push(found),
                _ => {}
            }
        }
        all.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        self.folders.push(all.into());
        Ok(())
    }

    /// Whether a name, or one below it, may be listed.
    fn admits(&self, name: &str) -> bool {
        let common = name.len().min(self.prefix.len());
        let is_below = name.as_bytes()[..common] == self.prefix.as_bytes()[..common]
            && (name.len() >= self.prefix.len() || name.ends_with('/'));
        let is_after = match name.cmp(self.after.as_str()) {
            Ordering::Greater => true,
            Ordering::Equal | Ordering::Less => name.ends_with('/') && self.after.starts_with(name),
        };
        is_below && is_after
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// A file or folder; links, devices and sockets are not objects.
fn found(folder: &str, entry: &DirEntry) -> io::Result<Option<Found>> {
    let kind = match entry.file_type() {
        Ok(kind) => kind,
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    let end = match kind {
        kind if kind.is_dir() => "/",
        kind if kind.is_file() => "",
        _ => return Ok(None),
    };
    let own = entry.file_name();
    if folder.is_empty() && own == STAGING {
        return Ok(None);
    }
    Ok(Some(Found {
        name: format!("{folder}{}{end}", own.to_string_lossy()),
        path: entry.path(),
    }))
}

/// `None`: the file was removed since its name was read.
fn entry(found: Found) -> io::Result<Option<Entry>> {
    if found.name.ends_with('/') {
        return Ok(Some(Entry::folder(found.name)));
    }
    let metadata = match fs::metadata(&found.path) {
        Ok(metadata) => metadata,
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    let etag = attributes::get_at(&found.path, SHA256).unwrap_or_default();
    let etag = etag.and_then(|etag| String::from_utf8(etag).ok());
    let is_utf8 = found
        .path
        .file_name()
        .is_some_and(|name| name.to_str().is_some());
    let mut entry = Entry::object(found.name, metadata.len(), etag, metadata.modified().ok());
    entry.key = entry.key.filter(|_| is_utf8);
    Ok(Some(entry))
}
