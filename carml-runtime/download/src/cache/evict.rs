//! What is in the cache, and what leaves it.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use carml_files::folder;

use super::{Cache, KeyLock, Record};
use crate::{Error, checksum::sha256_hex, transfer::hash_file};

/// A file of the cache.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CacheEntry {
    /// Its content.
    pub sha256: String,
    /// Its size, with that of what was unpacked from it.
    pub size: u64,
    /// When it was last handed out.
    pub used: SystemTime,
    /// The URLs that it was downloaded from.
    pub urls: Vec<String>,
    /// Where it is.
    pub path: PathBuf,
    trees: Vec<PathBuf>,
}

/// What was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pruned {
    /// How many files.
    pub files: u64,
    /// Bytes that they had.
    pub bytes: u64,
    /// Bytes that are still there.
    pub left: u64,
}

/// What a check of all files found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// How many files have the content that their names say.
    pub right: u64,
    /// Those that do not: they were removed, unless they are in use.
    pub wrong: Vec<PathBuf>,
}

impl Cache {
    /// All files, the least recently used first.
    pub(crate) fn entries(&self) -> Result<Vec<CacheEntry>, Error> {
        let failed = |error| Error::io(&self.root, "cannot read the cache", error);
        let mut entries = BTreeMap::new();
        for shard in children(&self.root.join("blobs/sha256")).map_err(failed)? {
            // What is not a folder is not the cache's.
            for path in children(&shard).unwrap_or_default() {
                let (Some(name), Ok(metadata)) = (name_of(&path), fs::metadata(&path)) else {
                    continue;
                };
                let entry = self.entry(name, &path, &metadata);
                entries.insert(name.to_owned(), entry);
            }
        }
        for path in children(&self.root.join("unpacked")).map_err(failed)? {
            let (Some(name), Ok(metadata)) = (name_of(&path), fs::metadata(&path)) else {
                continue;
            };
            let sha256 = name.split('-').next().unwrap_or_default().to_owned();
            let entry = entries.entry(sha256.clone()).or_insert_with(|| CacheEntry {
                size: 0,
                ..self.entry(&sha256, &self.blob(&sha256), &metadata)
            });
            entry.size += tree_size(&path);
            entry.trees.push(path);
        }
        for path in children(&self.root.join("urls")).map_err(failed)? {
            if let Some(record) = Record::read(&path)
                && let Some(entry) = entries.get_mut(&record.sha256)
            {
                entry.urls.push(record.url);
            }
        }
        let mut entries: Vec<CacheEntry> = entries.into_values().collect();
        entries.sort_by_key(|entry| entry.used);
        Ok(entries)
    }

    fn entry(&self, sha256: &str, path: &Path, metadata: &fs::Metadata) -> CacheEntry {
        let used = fs::metadata(self.lock_path(sha256)).and_then(|lock| lock.modified());
        CacheEntry {
            sha256: sha256.to_owned(),
            size: metadata.len(),
            used: used
                .or_else(|_| metadata.modified())
                .unwrap_or(SystemTime::UNIX_EPOCH),
            urls: Vec::new(),
            path: path.to_owned(),
            trees: Vec::new(),
        }
    }

    /// Keeps to the size of the options.
    pub(crate) fn evict(&self) -> Result<Pruned, Error> {
        self.prune(self.max_size)
    }

    /// Removes what is not in use, the least recently used first, down to `max_size` bytes.
    pub(crate) fn prune(&self, max_size: u64) -> Result<Pruned, Error> {
        self.evict_until(&|left| left <= max_size)
    }

    /// Stops once `is_enough` of the bytes that are left.
    pub(super) fn evict_until(&self, is_enough: &dyn Fn(u64) -> bool) -> Result<Pruned, Error> {
        let entries = self.entries()?;
        let mut pruned = Pruned {
            left: entries.iter().map(|entry| entry.size).sum(),
            ..Pruned::default()
        };
        for entry in entries {
            if is_enough(pruned.left) {
                break;
            }
            if self.remove(&entry)? {
                pruned.files += 1;
                pruned.bytes += entry.size;
                pruned.left -= entry.size;
            }
        }
        Ok(pruned)
    }

    /// `false`: it is in use.
    fn remove(&self, entry: &CacheEntry) -> Result<bool, Error> {
        let lock = KeyLock::try_exclusive(&self.lock_path(&entry.sha256))?;
        // Without locks nobody knows what is in use.
        let Some(_held) = lock.filter(KeyLock::is_locked) else {
            return Ok(false);
        };
        for tree in &entry.trees {
            self.remove_tree(tree)?;
        }
        let removed = folder::remove_file(&entry.path, self.durability);
        removed.map_err(|error| Error::io(&entry.path, "cannot remove", error))?;
        for url in &entry.urls {
            // A record without its file is of no use, and does no harm.
            let _ = fs::remove_file(self.record_path(&sha256_hex(url)));
        }
        Ok(true)
    }

    /// Out of sight first: half a tree must not have its name.
    fn remove_tree(&self, tree: &Path) -> Result<(), Error> {
        let failed = |error| Error::io(tree, "cannot remove", error);
        let aside = self.staging.stage_folder().map_err(failed)?;
        fs::rename(tree, aside.path().join("tree")).map_err(failed)
    }

    /// Hashes all files. Blocks.
    pub(crate) fn verify(&self) -> Result<Verified, Error> {
        let mut verified = Verified::default();
        for entry in self.entries()? {
            match hash_file(&entry.path, &[]) {
                Ok(digests) if digests.sha256() == entry.sha256 => verified.right += 1,
                // Evicted in between, or a tree whose file is gone.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Ok(_) => {
                    self.remove(&entry)?;
                    verified.wrong.push(entry.path);
                }
                Err(error) => return Err(Error::io(&entry.path, "cannot read", error)),
            }
        }
        Ok(verified)
    }
}

fn name_of(path: &Path) -> Option<&str> {
    path.file_name()?.to_str()
}

fn children(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    paths.sort();
    Ok(paths)
}

/// What cannot be read counts as nothing.
fn tree_size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => tree_size(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}
