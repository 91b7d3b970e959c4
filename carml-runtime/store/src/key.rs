//! Keys: `a/b/c`, with the same rules for every provider.

use std::{fmt, str::FromStr};

use crate::{Error, ErrorKind};

/// The name of an object: segments joined by `/`, 1 to 1,024 bytes of UTF-8.
///
/// Segments are not empty, `.` or `..`; control characters are refused.
///
/// ```
/// use carml_store::Key;
///
/// let key: Key = "models/small.bin".parse()?;
/// assert_eq!(key.as_str(), "models/small.bin");
/// assert!("models//small.bin".parse::<Key>().is_err());
/// assert!("../secrets".parse::<Key>().is_err());
/// # Ok::<(), carml_store::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

impl Key {
    /// The maximum length in bytes of UTF-8.
    pub const MAX_BYTES: usize = 1024;

    /// Checks a key.
    ///
    /// # Errors
    ///
    /// `InvalidKey` with the rule that is violated.
    pub fn parse(text: &str) -> Result<Self, Error> {
        match violated(text) {
            None => Ok(Self(text.to_owned())),
            Some(rule) => Err(Error::new(ErrorKind::InvalidKey, "key", rule).with_what(text)),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The rule that a text violates as a key.
fn violated(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        return Some("a key has at least one character");
    }
    if text.len() > Key::MAX_BYTES {
        return Some("a key has at most 1,024 bytes");
    }
    if text.starts_with('/') {
        return Some("a key does not start with `/`");
    }
    if text.split('/').any(str::is_empty) {
        return Some("a segment is empty: write one `/` between segments, and none at the end");
    }
    if text
        .split('/')
        .any(|segment| segment == "." || segment == "..")
    {
        return Some("`.` and `..` are not segments");
    }
    if text.chars().any(char::is_control) {
        return Some("control characters are not allowed");
    }
    None
}

impl FromStr for Key {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_refused_with_the_rule_that_they_violate() {
        let long = "x".repeat(1025);
        for (text, part) in [
            ("", "at least one"),
            (long.as_str(), "1,024"),
            ("/a", "start with"),
            ("a//b", "empty"),
            ("a/", "empty"),
            ("a/../b", "`..`"),
            (".", "`.`"),
            ("a\tb", "control"),
            ("a\u{85}", "control"),
        ] {
            let error = Key::parse(text).unwrap_err();
            assert_eq!(error.kind, ErrorKind::InvalidKey);
            assert!(error.to_string().contains(part), "{text:?}: {error}");
        }
        for text in ["a", "a/b.c", "sp ace", "ü/日本", "..a", "a\\b", "%2e%2e"] {
            assert_eq!(Key::parse(text).unwrap().as_str(), text);
        }
    }
}
