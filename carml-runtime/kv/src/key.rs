//! Keys: `a/b/c`, with the same rules on every backend.

use std::{fmt, str::FromStr};

use crate::{Error, ErrorKind};

/// A canonical key: 1 to 64 segments joined by `/`, at most 1,024 bytes.
///
/// Leading and trailing slashes are removed. Empty inner segments, `.`, `..`, code points that
/// ZooKeeper does not accept and a first segment `~` (reserved) are refused.
///
/// ```
/// use carml_kv::Key;
///
/// let key: Key = "/users/ada/".parse()?;
/// assert_eq!(key.as_str(), "users/ada");
/// assert!("users//ada".parse::<Key>().is_err());
/// # Ok::<(), carml_kv::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

impl Key {
    /// The maximum length in bytes of UTF-8.
    pub const MAX_BYTES: usize = 1024;
    /// The maximum number of segments.
    pub const MAX_SEGMENTS: usize = 64;

    /// Parses a key into its canonical form.
    ///
    /// # Errors
    ///
    /// `InvalidKey` with the rule that is violated.
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
                "control characters, private-use code points, non-characters and code points above \
                 U+FFFF (such as emoji) are not allowed",
            );
        }
        Ok(Key(key.to_owned()))
    }

    /// Parses a directory: as [`parse`](Self::parse), but an empty text or `/` is the whole
    /// namespace, `None`.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse).
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

    /// The directories that contain it.
    pub(super) fn ancestors(&self) -> impl Iterator<Item = &str> {
        self.0.match_indices('/').map(|(end, _)| &self.0[..end])
    }

    /// The strict prefix of everything under this key, `key/`.
    pub fn prefix(&self) -> String {
        format!("{}/", self.0)
    }
}

/// Code points that ZooKeeper does not accept in a path. It checks UTF-16, where code points above
/// U+FFFF are surrogate pairs, which it does not accept either.
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
