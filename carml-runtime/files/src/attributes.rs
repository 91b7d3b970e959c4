//! Extended attributes: `user.carml.NAME` of a file.

use std::{fs::File, io, path::Path};

use xattr::FileExt as _;

use crate::Staging;

const PREFIX: &str = "user.carml.";

/// Sets an attribute.
///
/// # Errors
///
/// `Unsupported` if the file system has no attributes; else as the system says, such as
/// `StorageFull` for a value that is too large.
pub fn set(file: &File, name: &str, value: &[u8]) -> io::Result<()> {
    file.set_xattr(format!("{PREFIX}{name}"), value)
}

/// Reads an attribute of an open file. `None`: the file or its file system has none.
///
/// # Errors
///
/// As the system says.
pub fn get(file: &File, name: &str) -> io::Result<Option<Vec<u8>>> {
    absent(file.get_xattr(format!("{PREFIX}{name}")))
}

/// As [`get`], by path.
///
/// # Errors
///
/// As the system says.
pub fn get_at(path: &Path, name: &str) -> io::Result<Option<Vec<u8>>> {
    absent(xattr::get(path, format!("{PREFIX}{name}")))
}

/// Whether files of this staging folder can have attributes. It tries with a file.
///
/// # Errors
///
/// As the system says, if no file can be made.
pub fn are_supported(staging: &Staging) -> io::Result<bool> {
    let file = staging.stage()?;
    Ok(set(file.as_file(), "probe", b"1").is_ok())
}

fn absent(value: io::Result<Option<Vec<u8>>>) -> io::Result<Option<Vec<u8>>> {
    match value {
        Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(None),
        value => value,
    }
}
