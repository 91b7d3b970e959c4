//! JSON pointers.

use std::borrow::Cow;

/// A key as one step of a JSON pointer, after RFC 6901: `a/b` → `a~1b`.
pub fn escape_key(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// A step of a JSON pointer as the key that it names: `a~1b` → `a/b`.
pub fn unescape_key(step: &str) -> Cow<'_, str> {
    match step.contains('~') {
        true => Cow::Owned(step.replace("~1", "/").replace("~0", "~")),
        false => Cow::Borrowed(step),
    }
}
