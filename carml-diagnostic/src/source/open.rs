//! A source from a file.

use super::{Format, Source, Span};
use crate::{Diagnostic, Kind, MAX_BYTES, RawReport, TooLarge, Unreadable};
use std::io::Read;
use std::path::Path;

impl Source {
    /// Reads a file; its name implies the format.
    ///
    /// # Errors
    /// A report of one error: `unreadable` if the file cannot be read or is not a regular file,
    /// `too-large` if it is over [`MAX_BYTES`], `not-utf8` if it is not UTF-8.
    pub fn open(path: &Path) -> Result<Source, RawReport> {
        let name = path.display().to_string();
        let unreadable = |reason: Unreadable| -> RawReport {
            let help = match &reason {
                Unreadable::PermissionDenied => "give this user permission to read it",
                Unreadable::IsFolder | Unreadable::NotRegular => "name a file",
                Unreadable::NotFound | Unreadable::Other(_) => "check the path",
            };
            let file = name.clone();
            Diagnostic::new(Kind::Unreadable { file, reason })
                .help(help)
                .into()
        };
        let failed = |error: std::io::Error| unreadable(Unreadable::from(&error));
        let about = std::fs::metadata(path).map_err(failed)?;
        if about.is_dir() {
            return Err(unreadable(Unreadable::IsFolder));
        }
        if !about.is_file() {
            return Err(unreadable(Unreadable::NotRegular));
        }
        let mut bytes = Vec::new();
        std::fs::File::open(path)
            .map_err(failed)?
            .take(MAX_BYTES as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(failed)?;
        if bytes.len() > MAX_BYTES {
            let limit = MAX_BYTES;
            return Err(
                Diagnostic::new(Kind::TooLarge(TooLarge::Text { name, limit }))
                    .help("split the file, or move data out of it")
                    .into(),
            );
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Source::new(name, text, Format::of(path))),
            Err(e) => {
                let at = e.utf8_error().valid_up_to();
                let good = String::from_utf8_lossy(&e.as_bytes()[..at]).into_owned();
                let source = Source::new(name.clone(), good, Format::of(path));
                Err(Diagnostic::new(Kind::NotUtf8 { file: None })
                    .at(&source, Span { start: at, end: at })
                    .label("the byte after this belongs to no character")
                    .help("save the file as UTF-8")
                    .into())
            }
        }
    }
}
