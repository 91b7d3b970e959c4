//! What reaches the disk and cargo.

use std::{fs, path::Path};

use crate::Error;

pub(super) fn rerun_if_changed(file: &Path) {
    println!("cargo:rerun-if-changed={}", file.display());
}

/// Writes a file only if its bytes differ, so that what depends on its time is not rebuilt.
pub(super) fn write_if_changed(path: &Path, text: &str) -> Result<(), Error> {
    if fs::read(path).is_ok_and(|old| old == text.as_bytes()) {
        return Ok(());
    }
    fs::write(path, text).map_err(|source| Error::Write {
        path: path.to_owned(),
        source,
    })
}
