//! What is known of a partial file, on disk beside it.

use std::{fs, io, io::Write as _, path::Path};

use carml_files::{Publish, Staging};
use serde::{Deserialize, Serialize};

use super::ranges::Ranges;

/// The largest journal that is read: more ranges than a transfer makes.
const MAX_BYTES: u64 = 1024 * 1024;

/// Only the bytes that it names count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Journal {
    /// Without user information and parameters of a signature.
    pub(crate) url: String,
    /// A strong one, for `If-Range`.
    pub(crate) validator: Option<String>,
    pub(crate) size: Option<u64>,
    /// Of the content, if one is expected.
    pub(crate) checksum: Option<String>,
    pub(crate) ranges: Ranges,
}

impl Journal {
    /// `None` if there is none that can be used.
    pub(crate) fn read(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        if metadata.len() > MAX_BYTES {
            return None;
        }
        let journal: Self = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
        let size = journal.size.unwrap_or(u64::MAX);
        journal.ranges.is_valid(size).then_some(journal)
    }

    /// Replaces the file. It is not synced: an older or empty journal only costs bytes.
    pub(crate) fn write(&self, path: &Path, staging: &Staging) -> io::Result<()> {
        let mut file = staging.stage()?;
        file.write_all(&serde_json::to_vec(self)?)?;
        file.publish(path, Publish::Overwrite)
            .map_err(|error| error.source)
    }
}
