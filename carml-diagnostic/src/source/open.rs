//! A source from a file.

use super::{Format, Source, Span};
use crate::{Code, Diagnostic, MAX_BYTES, Report};
use std::io::Read;
use std::path::Path;

impl Source {
    /// Reads a file; its name tells the format.
    ///
    /// # Errors
    /// A report of one fault: `unreadable` if the file cannot be read or is not a regular file, `too-large` if it is
    /// over [`MAX_BYTES`], `not-utf8` if it is not UTF-8.
    pub fn open(path: &Path) -> Result<Source, Report> {
        let name = path.display().to_string();
        let fail = |code, message: String, help: &str| {
            Report::from(Diagnostic::error(code, format!("{name} {message}")).help(help))
        };
        let unreadable = |e: std::io::Error| {
            let (why, help) = match e.kind() {
                std::io::ErrorKind::NotFound => {
                    ("there is no such file".to_owned(), "check the path")
                }
                std::io::ErrorKind::PermissionDenied => (
                    "permission denied".to_owned(),
                    "give this user the right to read it",
                ),
                _ => (e.to_string(), "check the path"),
            };
            fail(Code::Unreadable, format!("cannot be read: {why}"), help)
        };
        let about = std::fs::metadata(path).map_err(unreadable)?;
        if !about.is_file() {
            let what = if about.is_dir() {
                "is a folder"
            } else {
                "is not a regular file"
            };
            return Err(fail(Code::Unreadable, what.to_owned(), "name a file"));
        }
        let mut bytes = Vec::new();
        std::fs::File::open(path)
            .map_err(unreadable)?
            .take(MAX_BYTES as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(unreadable)?;
        if bytes.len() > MAX_BYTES {
            let message = format!("is over the limit of {} MiB", MAX_BYTES >> 20);
            return Err(fail(
                Code::TooLarge,
                message,
                "split the file, or move data out of it",
            ));
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Source::new(name, text, Format::of(path))),
            Err(e) => {
                let at = e.utf8_error().valid_up_to();
                let good = String::from_utf8_lossy(&e.as_bytes()[..at]).into_owned();
                let source = Source::new(name.clone(), good, Format::of(path));
                Err(Diagnostic::error(Code::NotUtf8, "this is not valid UTF-8")
                    .at(&source, Span { start: at, end: at })
                    .label("the byte after this belongs to no character")
                    .help("save the file as UTF-8")
                    .into())
            }
        }
    }
}
