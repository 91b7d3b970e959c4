//! Addresses of documents.

use std::{fmt::Write as _, path::Path};

use referencing::uri as rfc3986;

/// A reference seen from an address (RFC 3986, 5.2), without its fragment; the reference itself if
/// it is not one.
pub(crate) fn join(base: &str, reference: &str) -> String {
    let reference = reference.split('#').next().unwrap_or_default();
    let joined = rfc3986::from_str(base)
        .and_then(|base| rfc3986::resolve_against(&base.borrow(), reference));
    joined.map_or_else(|_| reference.to_owned(), |uri| uri.as_str().to_owned())
}

/// The address of a file.
pub(crate) fn of_file(file: &Path) -> String {
    let absolute = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let mut uri = String::from("file://");
    let path = absolute.to_string_lossy().replace('\\', "/");
    if !path.starts_with('/') {
        uri.push('/');
    }
    uri.push_str(&encode(&path));
    join(&uri, "")
}

/// A path with everything percent-encoded that a URI's path may not have as it is.
pub(crate) fn encode(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b'~' | b':' => {
                text.push(char::from(byte));
            }
            other => {
                let _ = write!(text, "%{other:02X}");
            }
        }
    }
    text
}

/// Decodes `%20` and the like.
pub(crate) fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let decoded = match (first, tail) {
            (b'%', [high, low, ..]) => std::str::from_utf8(&[*high, *low])
                .ok()
                .and_then(|pair| u8::from_str_radix(pair, 16).ok()),
            _ => None,
        };
        bytes.push(decoded.unwrap_or(*first));
        rest = if decoded.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The path from a document to another of the same scheme and host: `../types.json`.
pub(crate) fn relative(base: &str, address: &str) -> Option<String> {
    let (host, path) = split(base)?;
    let (other_host, other) = split(address)?;
    if host != other_host {
        return None;
    }
    let from: Vec<&str> = path.split('/').collect();
    let to: Vec<&str> = other.split('/').collect();
    let (folders, _) = from.split_at(from.len() - 1);
    let shared = folders
        .iter()
        .zip(&to[..to.len() - 1])
        .take_while(|(ours, theirs)| ours == theirs)
        .count();
    let up = std::iter::repeat_n("..", folders.len() - shared);
    let parts: Vec<String> = up.chain(to[shared..].iter().copied()).map(decode).collect();
    Some(parts.join("/"))
}

/// The last segment of a path or address.
pub(crate) fn last_segment(address: &str) -> &str {
    address.rsplit('/').next().unwrap_or_default()
}

/// Scheme and host, and the path.
fn split(address: &str) -> Option<(&str, &str)> {
    let authority = address.find("://")? + 3;
    let path = address[authority..].find('/')? + authority;
    Some(address.split_at(path))
}

/// What is said of a reference that has no target.
pub(crate) fn points_to_nothing(reference: &str) -> String {
    format!("`{reference}` points to nothing")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_joined_as_rfc_3986_says() {
        for (base, reference, joined) in [
            ("file:///a/b/c.json", "d.json", "file:///a/b/d.json"),
            ("file:///a/b/c.json", "../d.json#/x", "file:///a/d.json"),
            ("file:///a/b/c.json", "./e/d.json", "file:///a/b/e/d.json"),
            ("https://h/a/b.json", "/d.json", "https://h/d.json"),
            ("https://h/a/b.json", "urn:x:y", "urn:x:y"),
        ] {
            assert_eq!(join(base, reference), joined);
        }
    }

    #[test]
    fn a_path_leads_from_one_address_to_another() {
        let to = |address| relative("https://h/a/b/c.json", address);
        assert_eq!(to("https://h/a/b/d.json").as_deref(), Some("d.json"));
        assert_eq!(to("https://h/a/d.json").as_deref(), Some("../d.json"));
        assert_eq!(
            to("https://h/x/d%20e.json").as_deref(),
            Some("../../x/d e.json")
        );
        assert_eq!(to("https://other/a/b/d.json"), None);
        assert_eq!(to("urn:x:y"), None);
    }
}
