//! The cache on disk, version 1.
//!
//! ```text
//! version                       "1"
//! blobs/sha256/ab/<hex>         whole files, never written again: the only paths handed out
//! unpacked/<hex>-<format>-1/    trees, complete when they have this name
//! urls/<sha256 of URL>.json     what a URL was when it was last asked for
//! partial/<key>.part, .json     data, and what of it counts
//! locks/<key>.lock              empty, never deleted
//! tmp/                          staging
//! ```

mod evict;
mod lock;
mod record;

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use carml_files::{Durability, Publish, Staging, folder};

pub use self::evict::{CacheEntry, Pruned, Verified};
pub(crate) use self::{
    lock::KeyLock,
    record::{Record, now},
};
use crate::{
    Error, ErrorKind, Options, UnpackLimits,
    archive::{self, Format},
    transfer::PartFiles,
};

const VERSION: &str = "1";

/// What a crashed process left in `tmp` is removed after this time.
const STALE: Duration = Duration::from_secs(24 * 3600);

/// A partial file that nobody continued for so long is removed.
const ABANDONED: Duration = Duration::from_secs(7 * 24 * 3600);

/// The folder of the cache.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    root: PathBuf,
    staging: Staging,
    /// For what may be lost in a power failure.
    unsynced: Staging,
    durability: Durability,
    max_size: u64,
    min_free: u64,
}

/// Keeps a file of the cache from eviction.
#[derive(Clone, Debug)]
pub(crate) struct Lease {
    _lock: KeyLock,
}

impl Cache {
    /// Opens or creates it. Blocks.
    pub(crate) fn open(options: &Options) -> Result<Self, Error> {
        let root = std::path::absolute(&options.directory)
            .map_err(|error| Error::io(&options.directory, "not a folder", error))?;
        Self::create(&root, options).map_err(|error| error.with_op("open"))
    }

    fn create(root: &Path, options: &Options) -> Result<Self, Error> {
        let durability = Durability::from_durable(options.durable);
        let failed = |error| Error::io(root, "cannot create the cache", error);
        folder::create(root, durability).map_err(failed)?;
        if folder::is_writable_by_others(root).map_err(failed)? {
            return Err(Error::new(
                ErrorKind::Refused,
                "others may write in this folder, so its files cannot be trusted: `chmod 700` it",
            )
            .with_what(root.display().to_string()));
        }
        for name in ["blobs/sha256", "unpacked", "urls", "partial", "locks"] {
            folder::create(&root.join(name), durability).map_err(failed)?;
        }
        let tmp = root.join("tmp");
        let cache = Self {
            root: root.to_owned(),
            staging: Staging::open(&tmp, durability).map_err(failed)?,
            unsynced: Staging::open(&tmp, Durability::Unsynced).map_err(failed)?,
            durability,
            max_size: options.cache_max_size,
            min_free: options.cache_min_free,
        };
        cache.check_version()?;
        // What stays now is removed next time.
        let _ = cache.staging.sweep(STALE);
        cache.sweep_partial(ABANDONED);
        Ok(cache)
    }

    /// Removes partial files that nobody has written or locked for so long.
    fn sweep_partial(&self, age: Duration) {
        let old = |path: &Path| {
            let modified = fs::metadata(path).and_then(|metadata| metadata.modified());
            let before = SystemTime::now().checked_sub(age);
            modified.is_ok_and(|modified| before.is_some_and(|before| modified < before))
        };
        for entry in fs::read_dir(self.root.join("partial"))
            .into_iter()
            .flatten()
            .flatten()
        {
            let path = entry.path();
            let Some(key) = path.file_stem().and_then(|stem| stem.to_str()) else {
                continue;
            };
            if old(&path) && matches!(KeyLock::try_exclusive(&self.lock_path(key)), Ok(Some(_))) {
                // What stays now is removed next time.
                let _ = fs::remove_file(path);
            }
        }
    }

    fn check_version(&self) -> Result<(), Error> {
        use io::Write as _;
        let path = self.root.join("version");
        let failed = |error| Error::io(&path, "cannot read or write the version", error);
        match fs::read_to_string(&path) {
            Ok(text) if text.trim() == VERSION => Ok(()),
            Ok(text) => Err(Error::new(
                ErrorKind::Refused,
                format!(
                    "the cache has version {}, and this program reads version {VERSION}: use \
                     another folder, or remove this one",
                    text.trim()
                        .chars()
                        .take(20)
                        .collect::<String>()
                        .escape_debug()
                ),
            )
            .with_what(self.root.display().to_string())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut file = self.staging.stage().map_err(failed)?;
                file.write_all(VERSION.as_bytes()).map_err(failed)?;
                file.publish(&path, Publish::Overwrite)
                    .map_err(|error| failed(error.source))
            }
            Err(error) => Err(failed(error)),
        }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn staging(&self) -> &Staging {
        &self.staging
    }

    pub(crate) fn blob(&self, sha256: &str) -> PathBuf {
        let shard = sha256.get(..2).unwrap_or_default();
        self.root.join("blobs/sha256").join(shard).join(sha256)
    }

    pub(crate) fn tree(&self, sha256: &str, format: &str) -> PathBuf {
        self.root
            .join("unpacked")
            .join(format!("{sha256}-{format}-1"))
    }

    pub(crate) fn lock_path(&self, key: &str) -> PathBuf {
        self.root.join("locks").join(format!("{key}.lock"))
    }

    fn record_path(&self, url_key: &str) -> PathBuf {
        self.root.join("urls").join(format!("{url_key}.json"))
    }

    pub(crate) fn record(&self, url_key: &str) -> Option<Record> {
        Record::read(&self.record_path(url_key))
    }

    pub(crate) fn write_record(&self, url_key: &str, record: &Record) -> Result<(), Error> {
        let path = self.record_path(url_key);
        let written = record.write(&path, &self.staging);
        written.map_err(|error| Error::io(&path, "cannot write", error))
    }

    /// The files of a partial download. Without a lock, they are of this transfer alone.
    pub(crate) fn part_files(&self, key: &str, lock: &KeyLock) -> PartFiles {
        let name = if lock.is_locked() {
            key.to_owned()
        } else {
            format!("{key}-{:016x}", rand::random::<u64>())
        };
        let partial = self.root.join("partial");
        PartFiles {
            data: partial.join(format!("{name}.part")),
            journal: partial.join(format!("{name}.json")),
            staging: self.unsynced.clone(),
            durability: self.durability,
        }
    }

    /// The size of a file of the cache.
    pub(crate) fn size(&self, sha256: &str) -> Option<u64> {
        let metadata = fs::metadata(self.blob(sha256)).ok()?;
        metadata.is_file().then_some(metadata.len())
    }

    /// Takes a lease on a file, if it is there.
    pub(crate) async fn lease(&self, sha256: &str) -> Result<Option<(u64, Lease)>, Error> {
        if self.size(sha256).is_none() {
            return Ok(None);
        }
        let path = self.lock_path(sha256);
        let lock = KeyLock::shared(&path).await?;
        // It may have been evicted in between.
        let Some(size) = self.size(sha256) else {
            return Ok(None);
        };
        // The lock's time is when the file was last used. A cache that cannot be written has none.
        let _ = fs::File::options()
            .write(true)
            .open(&path)
            .and_then(|file| file.set_modified(SystemTime::now()));
        Ok(Some((size, Lease { _lock: lock })))
    }

    /// Makes a partial file, which was synced, a file of the cache.
    pub(crate) fn place(&self, part: &Path, sha256: &str) -> Result<(), Error> {
        let blob = self.blob(sha256);
        let failed = |error| Error::io(&blob, "cannot place the file", error);
        let parent = blob.parent().unwrap_or(&self.root);
        folder::create(parent, self.durability).map_err(failed)?;
        let mut permissions = fs::metadata(part).map_err(failed)?.permissions();
        #[cfg(unix)]
        std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o444);
        #[cfg(not(unix))]
        permissions.set_readonly(true);
        fs::set_permissions(part, permissions).map_err(failed)?;
        fs::rename(part, &blob).map_err(failed)?;
        folder::sync(parent, self.durability).map_err(failed)
    }

    /// Unpacks a file to a folder, which has its name only when it is complete. Blocks.
    pub(crate) fn unpack(
        &self,
        archive: &Path,
        format: Format,
        target: &Path,
        limits: UnpackLimits,
    ) -> Result<(), Error> {
        let failed = |error| Error::io(target, "cannot place the folder", error);
        let staged = self.staging.stage_folder().map_err(failed)?;
        archive::unpack(archive, format, staged.path(), limits, self.durability)?;
        match staged.publish(target) {
            // Without locks, another process may have been faster.
            Err(error) if error.source.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            published => published.map_err(|error| failed(error.source)),
        }
    }

    /// Fails unless there is room for this many bytes more. Removes what is not in use if that
    /// helps.
    pub(crate) fn make_room(&self, bytes: u64) -> Result<(), Error> {
        let needed = bytes.saturating_add(self.min_free);
        let free = || crate::transfer::free_space(&self.root).unwrap_or(u64::MAX);
        if free() >= needed {
            return Ok(());
        }
        self.evict_until(&|_| free() >= needed)?;
        let free = free();
        if free >= needed {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::NoSpace,
            format!(
                "{bytes} bytes are needed, and `cache.min_free` leaves {} of {free} free bytes",
                free.saturating_sub(self.min_free)
            ),
        ))
    }
}
