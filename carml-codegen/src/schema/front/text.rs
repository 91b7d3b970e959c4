//! Pointers, anchors, URIs and names.

use serde_json::Value;

use crate::schema::walk::walk;

pub(super) fn percent_decode(text: &str) -> String {
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

/// A URI reference taken relative to a base: what RFC 3986 asks for of the references that
/// schemas use (absolute, rooted, or a path).
pub(crate) fn join(base: &str, reference: &str) -> String {
    if reference.is_empty() {
        return base.to_owned();
    }
    if reference.contains("://") || reference.starts_with("urn:") {
        return reference.to_owned();
    }
    let authority = base.find("://").map_or(0, |at| {
        let after = at + 3;
        base[after..].find('/').map_or(base.len(), |at| after + at)
    });
    let (host, path) = base.split_at(authority);
    if reference.starts_with('/') {
        return format!("{host}{reference}");
    }
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    for part in reference.split('/') {
        match part {
            "." => {}
            ".." if parts.len() > 1 => {
                parts.pop();
            }
            ".." => {}
            part => parts.push(part),
        }
    }
    format!("{host}{}", parts.join("/"))
}

/// The pointer of `$anchor`, `$dynamicAnchor` or the older `$id: "#name"` in a resource; one that
/// stands in a resource below it is found if there is no other.
pub(super) fn find_anchor(root: &Value, name: &str) -> Option<String> {
    let fragment = format!("#{name}");
    let (mut found, mut below) = (None, None);
    walk(root, true, |schema, pointer, own| {
        let text = |key: &str| schema.get(key).and_then(Value::as_str);
        let other = text("$id").is_some_and(|id| !id.starts_with('#'));
        let own = own && (pointer.is_empty() || !other);
        let is = |key: &str, name: &str| text(key) == Some(name);
        if is("$anchor", name)
            || is("$dynamicAnchor", name)
            || is("$id", &fragment)
            || is("id", &fragment)
        {
            let place = if own { &mut found } else { &mut below };
            place.get_or_insert_with(|| pointer.to_owned());
        }
        Some(own)
    });
    found.or(below)
}

/// The name of one item of a list: `endpoints` → `endpoint`.
pub(super) fn singular(plural: &str) -> String {
    // `addresses`, `boxes`, `branches`, `hashes`, but `databases`.
    let sibilant = ["sses", "xes", "ches", "shes"];
    match plural {
        _ if sibilant.iter().any(|end| plural.ends_with(end)) => {
            plural[..plural.len() - 2].to_owned()
        }
        _ if plural.ends_with("ss") => format!("{plural}_item"),
        _ if plural.ends_with("ies") => format!("{}y", &plural[..plural.len() - 3]),
        _ if plural.ends_with('s') && plural.len() > 2 => plural[..plural.len() - 1].to_owned(),
        _ => format!("{plural}_item"),
    }
}
