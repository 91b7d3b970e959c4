//! Why unpacking stops.

use std::{io, path::Path};

use crate::{Error, ErrorKind, Rule};

/// The end of an attempt to unpack.
#[derive(Debug)]
pub(super) enum Stop {
    /// A rule is broken.
    Breach {
        rule: Rule,
        entry: String,
        why: String,
    },
    /// Reading or decompressing failed.
    Archive(io::Error),
    /// Writing failed.
    Tree(io::Error),
}

impl Stop {
    pub(super) fn breach(rule: Rule, why: impl Into<String>) -> Self {
        Stop::Breach {
            rule,
            entry: String::new(),
            why: why.into(),
        }
    }

    pub(super) fn incomplete(why: impl Into<String>) -> Self {
        Self::breach(Rule::Complete, why)
    }

    /// Names the entry, unless it is known.
    pub(super) fn at(self, name: &[u8]) -> Self {
        match self {
            Stop::Breach { rule, entry, why } if entry.is_empty() => {
                let entry = String::from_utf8_lossy(name).escape_debug().to_string();
                Stop::Breach { rule, entry, why }
            }
            stop => stop,
        }
    }

    pub(super) fn into_error(self, archive: &Path) -> Error {
        match self {
            Stop::Breach { rule, entry, why } => {
                let kind = ErrorKind::UnsafeArchive { entry, rule };
                Error::new(kind, why).with_what(archive.display().to_string())
            }
            Stop::Tree(error) => Error::io(archive, "cannot write what is in it", error),
            // What decompressors report of bytes that they cannot read. The file itself was read
            // once already, when its checksum was computed.
            Stop::Archive(error) => {
                let is_disk = error.raw_os_error().is_some();
                if is_disk {
                    return Error::io(archive, "cannot read", error);
                }
                let stop = Stop::incomplete(format!("it cannot be decompressed: {error}"));
                stop.into_error(archive)
            }
        }
    }
}
