//! Keys as people write them: `registry.timeout`.

use crate::schema::Schema;
use carml_diagnostic::{escape_key, unescape_key};

/// How many ways to split a path are tried.
const MAX_TRIES: usize = 1_000;

/// The JSON pointer of a key. A path that starts with `/` is one already. A `.` separates keys; it
/// is part of a key where the config knows no other way to read the path.
pub(crate) fn pointer(path: &str, known: impl Fn(&str) -> bool) -> String {
    if path.starts_with('/') {
        return path.to_owned();
    }
    let mut tries = MAX_TRIES;
    let found = split("", path, &known, &mut tries);
    found.unwrap_or_else(|| format!("/{}", escape_key(path).replace('.', "/")))
}

/// A pointer of which every part is known, with the fewest dots inside of keys at its start.
fn split(
    above: &str,
    path: &str,
    known: &impl Fn(&str) -> bool,
    tries: &mut usize,
) -> Option<String> {
    let dots = path.match_indices('.').map(|(at, _)| at);
    for end in dots.chain([path.len()]) {
        *tries = tries.checked_sub(1)?;
        let here = format!("{above}/{}", escape_key(&path[..end]));
        if !known(&here) {
            continue;
        }
        let found = match path.get(end + 1..) {
            None => Some(here),
            Some(rest) => split(&here, rest, known, tries),
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

/// A JSON pointer as a key: the opposite of [`pointer`].
pub(crate) fn display(pointer: &str) -> String {
    let keys: Vec<_> = pointer.split('/').skip(1).map(unescape_key).collect();
    keys.join(".")
}

/// Whether a schema has something to say about a pointer.
pub(crate) fn in_schema(schema: &Schema, pointer: &str) -> bool {
    schema.at(pointer).iter().any(|part| !part.node.is_false())
}

#[cfg(test)]
mod tests {
    use super::{display, pointer};

    #[test]
    fn dots_separate_keys_unless_only_a_key_with_dots_is_known() {
        let keys = [
            "/a",
            "/a/b",
            "/a.c",
            "/d~1e",
            "/d~1e/f.g",
            "/d~1e/f.g/h",
            "/i.j",
            "/i",
            "/i/j",
        ];
        let known = |pointer: &str| keys.contains(&pointer);
        for (path, wanted) in [
            ("a.b", "/a/b"),
            ("a.c", "/a.c"),
            ("d/e.f.g", "/d~1e/f.g"),
            ("d/e.f.g.h", "/d~1e/f.g/h"),
            ("i.j", "/i/j"),
            ("/i.j", "/i.j"),
            ("x.y", "/x/y"),
            ("x~y.z", "/x~0y/z"),
        ] {
            assert_eq!(pointer(path, known), wanted, "{path}");
        }
        let dots = "a.".repeat(100_000);
        assert!(pointer(&dots, |_| true).len() > dots.len());
        assert!(pointer(&dots, |at| at.len() < 50).len() > dots.len());
        assert_eq!(display("/d~1e/f.g"), "d/e.f.g");
    }
}
