//! JSON pointers.

/// A key as one step of a JSON pointer, after RFC 6901: `a/b` → `a~1b`.
pub fn escape_key(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
