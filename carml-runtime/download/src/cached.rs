//! A file of the cache, in use.

use std::path::PathBuf;

use crate::cache::Lease;

/// A file that was asked for. While it lives, the cache keeps the file.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Cached {
    /// Where it is: in the cache, where it must not be changed, or where
    /// [`Request::to`](crate::Request::to) wanted it. A folder if it was unpacked.
    pub path: PathBuf,
    /// The content of the file, before it was unpacked.
    pub sha256: String,
    /// The size of the file, before it was unpacked.
    pub size: u64,
    /// Where it is from.
    pub source: CacheSource,
    /// Bytes that came over the network for it.
    pub received: u64,
    pub(crate) _lease: Lease,
}

/// Where a file is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CacheSource {
    /// The cache had it, and it is the right one.
    Cache,
    /// It was downloaded.
    Network,
    /// The cache had it; the server could not be asked for a newer one.
    Stale,
}

impl CacheSource {
    /// Its name in metrics and traces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cache => "cache",
            Self::Network => "network",
            Self::Stale => "stale",
        }
    }
}
