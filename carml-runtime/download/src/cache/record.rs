//! What is known of a URL: which file it was, and when.

use std::{
    collections::BTreeMap,
    fs, io,
    io::Write as _,
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use carml_files::{Publish, Staging};
use serde::{Deserialize, Serialize};

use crate::{Algorithm, Checksum};

/// The largest record that is read.
const MAX_BYTES: u64 = 64 * 1024;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// Without user information and parameters of a signature.
    pub(crate) url: String,
    pub(crate) sha256: String,
    pub(crate) size: u64,
    pub(crate) etag: Option<String>,
    pub(crate) last_modified: Option<String>,
    /// When the server was last asked, in milliseconds since 1970.
    pub(crate) fetched: u64,
    /// Other hashes that the content was found to have, by the name of the algorithm.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) verified: BTreeMap<String, String>,
}

impl Record {
    /// `None` if there is none that can be used.
    pub(crate) fn read(path: &Path) -> Option<Self> {
        if fs::metadata(path).ok()?.len() > MAX_BYTES {
            return None;
        }
        let record: Self = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
        // It becomes a path.
        Checksum::new(Algorithm::Sha256, &record.sha256).ok()?;
        Some(record)
    }

    pub(crate) fn write(&self, path: &Path, staging: &Staging) -> io::Result<()> {
        let mut file = staging.stage()?;
        file.write_all(&serde_json::to_vec(self)?)?;
        file.publish(path, Publish::Overwrite)
            .map_err(|error| error.source)
    }

    /// Time since the server was asked. None if the clock was set back.
    pub(crate) fn age(&self) -> Option<Duration> {
        let age = now().checked_sub(self.fetched)?;
        Some(Duration::from_millis(age))
    }

    /// Whether the content is known to have the checksum.
    pub(crate) fn has(&self, checksum: &Checksum) -> bool {
        match checksum.algorithm() {
            Algorithm::Sha256 => self.sha256 == checksum.hex(),
            other => self
                .verified
                .get(other.as_str())
                .is_some_and(|hex| hex == checksum.hex()),
        }
    }
}

/// Milliseconds since 1970.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as u64)
}
