//! Which texts are keys.
#![allow(clippy::unwrap_used, missing_docs)]

use carml_kv::{ErrorKind, Key};

fn key(text: &str) -> Key {
    Key::parse(text).unwrap()
}

#[test]
fn keys_are_canonical_or_refused() {
    assert_eq!(key("/a/b/").as_str(), "a/b");
    assert_eq!(key("a~/~").as_str(), "a~/~");
    assert_eq!(key("日本/é").as_str(), "日本/é");
    for bad in [
        "",
        "/",
        "a//b",
        "a/./b",
        "..",
        "~/x",
        "a\u{1}b",
        "a\u{ffff}",
        "a/\u{1f600}",
        &"x".repeat(1025),
        &"x/".repeat(65),
    ] {
        let e = Key::parse(bad).unwrap_err();
        assert_eq!(e.kind, ErrorKind::InvalidKey, "{bad:?}");
    }
}

#[test]
fn a_directory_may_be_the_whole_namespace() {
    assert_eq!(Key::parse_dir("").unwrap(), None);
    assert_eq!(Key::parse_dir("/").unwrap(), None);
    assert_eq!(Key::parse_dir("/a/b/").unwrap(), Some(key("a/b")));
    let e = Key::parse_dir("a//b").unwrap_err();
    assert_eq!(e.kind, ErrorKind::InvalidKey);
}
