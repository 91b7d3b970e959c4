//! JSON pointers (RFC 6901).

use std::borrow::Cow;

pub use carml_diagnostic::{escape_key as escape, unescape_key as unescape};

/// The keys that a pointer names, outermost first.
pub fn steps(pointer: &str) -> impl Iterator<Item = Cow<'_, str>> {
    pointer.split('/').skip(1).map(unescape)
}

/// The pointer of a key below a pointer.
pub fn join(pointer: &str, key: &str) -> String {
    format!("{pointer}/{}", escape(key))
}
