//! Rule 1: names.

use unicode_normalization::UnicodeNormalization as _;

use super::breach::Stop;
use crate::Rule;

const MAX_SEGMENT: usize = 255;
const MAX_NAME: usize = 4096;
const MAX_DEPTH: usize = 64;

/// A name that is safe on all systems: its segments, none of which is `.` or `..`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) segments: Vec<String>,
    /// Whether it was written with a slash at its end.
    pub(super) is_folder: bool,
}

impl Name {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Stop> {
        let text = text_of(bytes)?;
        let is_folder = text.ends_with('/');
        let mut segments = Vec::new();
        let inner = text.strip_suffix('/').unwrap_or(text);
        for segment in inner.split('/') {
            match segment {
                "." => {}
                ".." => return Err(refused("`..` in a name")),
                "" => return Err(refused("an absolute name, or an empty part of one")),
                segment => segments.push(checked(segment)?),
            }
        }
        if segments.len() > MAX_DEPTH {
            return Err(refused(format!("a name of more than {MAX_DEPTH} parts")));
        }
        Ok(Self {
            segments,
            is_folder,
        })
    }
}

/// The target of a link: its parts, where `..` and `.` are permitted.
pub(super) fn link_target(bytes: &[u8]) -> Result<Vec<String>, Stop> {
    let text = text_of(bytes)?;
    let inner = text.strip_suffix('/').unwrap_or(text);
    let parts = inner.split('/').map(|part| match part {
        "." | ".." => Ok(part.to_owned()),
        "" => Err(refused(
            "a link with an absolute target, or an empty part in it",
        )),
        part => checked(part),
    });
    parts.collect()
}

/// What two names have in common that are the same file on some system.
pub(super) fn folded(segment: &str) -> String {
    let lower: String = segment.nfc().flat_map(char::to_lowercase).collect();
    lower.nfc().collect()
}

fn text_of(bytes: &[u8]) -> Result<&str, Stop> {
    if bytes.len() > MAX_NAME {
        return Err(refused(format!("a name of more than {MAX_NAME} bytes")));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| refused("a name that is not UTF-8"))?;
    if text.is_empty() {
        return Err(refused("an empty name"));
    }
    Ok(text)
}

fn checked(segment: &str) -> Result<String, Stop> {
    if segment.len() > MAX_SEGMENT {
        return Err(refused(format!(
            "a part of a name of more than {MAX_SEGMENT} bytes"
        )));
    }
    if let Some(bad) = segment
        .chars()
        .find(|c| c.is_control() || ['\\', ':'].contains(c))
    {
        return Err(refused(format!("{bad:?} in a name")));
    }
    if segment.ends_with(['.', ' ']) {
        return Err(refused("a name that ends with a dot or a space"));
    }
    if is_reserved(segment) {
        return Err(refused("a name that is a device on Windows"));
    }
    Ok(segment.to_owned())
}

fn is_reserved(segment: &str) -> bool {
    const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];
    let stem = segment.split('.').next().unwrap_or_default();
    let stem = stem.trim_end_matches(' ').to_lowercase();
    let numbered = stem
        .strip_prefix("com")
        .or_else(|| stem.strip_prefix("lpt"));
    let is_numbered = numbered.is_some_and(|digit| {
        let mut digits = digit.chars();
        let is_digit = matches!(digits.next(), Some('0'..='9' | '¹' | '²' | '³'));
        is_digit && digits.next().is_none()
    });
    DEVICES.contains(&&*stem) || is_numbered
}

fn refused(why: impl Into<String>) -> Stop {
    Stop::breach(Rule::Path, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_relative_and_portable() {
        for name in [
            "a", "./a/b", "a/", "ünï/c", ".hidden", "a..b", "console", "com10", "./",
        ] {
            assert!(Name::parse(name.as_bytes()).is_ok(), "{name}");
        }
        let long = "x".repeat(256);
        let deep = "d/".repeat(65);
        for name in [
            "",
            "/a",
            "../a",
            "a/../b",
            "a//b",
            "a\\b",
            "c:x",
            "a\0b",
            "a\nb",
            "a\u{7f}",
            "nul",
            "NUL.txt",
            "com1",
            "Com1.tar.gz",
            "LPT²",
            "a.",
            "a ",
            "a/b./c",
            "aux .txt",
            &long,
            &deep,
        ] {
            assert!(Name::parse(name.as_bytes()).is_err(), "{name:?}");
        }
        assert!(Name::parse(b"\xff").is_err());
    }

    #[test]
    fn names_that_are_one_file_somewhere_are_folded_alike() {
        for (one, other) in [
            ("A", "a"),
            ("\u{e9}", "e\u{301}"),
            ("\u{c9}", "e\u{301}"),
            ("ẞ", "ß"),
        ] {
            assert_eq!(folded(one), folded(other));
        }
        assert_ne!(folded("a"), folded("b"));
    }
}
