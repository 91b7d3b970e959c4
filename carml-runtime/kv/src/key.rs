//! Keys: `a/b/c`, the same rules on every backend.
use std::{fmt, str::FromStr};

use super::{Error, ErrorKind};

/// A canonical key: 1 to 64 segments joined by `/`, at most 1,024 bytes.
///
/// Leading and trailing slashes are stripped; empty inner segments, `.`, `..`, code points that
/// ZooKeeper refuses and a first segment `~` (reserved for side keys) are refused.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

impl Key {
    /// The longest key, in bytes of UTF-8.
    pub const MAX_BYTES: usize = 1024;
    /// The most segments.
    pub const MAX_SEGMENTS: usize = 64;

    /// Checks a text and makes it canonical.
    pub fn parse(text: &str) -> Result<Key, Error> {
        let refuse = |why: &str| Err(Error::new(ErrorKind::InvalidKey, "key", why).with_key(text));
        let key = text.trim_matches('/');
        if key.is_empty() {
            return refuse("a key needs at least one segment");
        }
        if key.len() > Self::MAX_BYTES {
            return refuse("a key has at most 1,024 bytes");
        }
        if key.split('/').count() > Self::MAX_SEGMENTS {
            return refuse("a key has at most 64 segments");
        }
        if key.split('/').any(str::is_empty) {
            return refuse("a segment is empty: write one `/` between segments");
        }
        if key.split('/').any(|s| s == "." || s == "..") {
            return refuse("`.` and `..` are not segments");
        }
        if key.split('/').next() == Some("~") {
            return refuse("the first segment `~` is reserved");
        }
        if key.chars().any(forbidden) {
            return refuse(
                "control characters, private use, non-characters and what lies above U+FFFF \
                 (emoji) are not allowed",
            );
        }
        Ok(Key(key.to_owned()))
    }

    /// A directory's name: as [`parse`](Self::parse), but empty or `/` is the whole namespace,
    /// `None`.
    pub fn parse_dir(text: &str) -> Result<Option<Key>, Error> {
        if text.trim_matches('/').is_empty() {
            return Ok(None);
        }
        Key::parse(text).map(Some)
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The directories that it lies under.
    pub(super) fn above(&self) -> impl Iterator<Item = &str> {
        self.0.match_indices('/').map(|(end, _)| &self.0[..end])
    }

    /// The strict prefix of everything under this key, `key/`.
    pub fn prefix(&self) -> String {
        format!("{}/", self.0)
    }
}

/// What ZooKeeper refuses in a path. It looks at UTF-16, in which all above U+FFFF is a pair of
/// surrogates, and these are refused.
fn forbidden(c: char) -> bool {
    matches!(c, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{e000}'..='\u{f8ff}' | '\u{fff0}'..)
}

impl FromStr for Key {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        Key::parse(text)
    }
}
impl TryFrom<&str> for Key {
    type Error = Error;
    fn try_from(text: &str) -> Result<Self, Error> {
        Key::parse(text)
    }
}
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
