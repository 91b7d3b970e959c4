//! Which archive a file is, by its first bytes.

use std::{fs::File, io::Read as _, path::Path};

use crate::{Error, ErrorKind};

/// A format that can be unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Tar,
    TarGz,
    TarZst,
    TarXz,
    Zip,
}

impl Format {
    /// Its part of the name of a folder in the cache.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Format::Tar => "tar",
            Format::TarGz => "tar.gz",
            Format::TarZst => "tar.zst",
            Format::TarXz => "tar.xz",
            Format::Zip => "zip",
        }
    }

    /// Looks at the first bytes: names and content types are not the content.
    pub(crate) fn of(path: &Path) -> Result<Self, Error> {
        let failed = |error| Error::io(path, "cannot read", error);
        let mut head = Vec::with_capacity(512);
        let file = File::open(path).map_err(failed)?;
        file.take(512).read_to_end(&mut head).map_err(failed)?;
        Self::of_bytes(&head).ok_or_else(|| {
            Error::new(
                ErrorKind::UnsupportedFormat,
                "not an archive of a known format: tar, also with gzip, zstd or xz, and zip",
            )
            .with_op("unpack")
            .with_what(path.display().to_string())
        })
    }

    fn of_bytes(head: &[u8]) -> Option<Self> {
        match head {
            [0x1f, 0x8b, ..] => Some(Format::TarGz),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Format::TarZst),
            // A skippable frame: tools that can seek begin with one.
            [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Format::TarZst),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Format::TarXz),
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Some(Format::Zip),
            head if head.get(257..262) == Some(b"ustar") => Some(Format::Tar),
            // The first block of an empty archive.
            head if head.len() == 512 && head.iter().all(|byte| *byte == 0) => Some(Format::Tar),
            _ => None,
        }
    }
}
