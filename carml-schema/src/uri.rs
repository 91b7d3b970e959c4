//! URI references.

pub(crate) fn percent_decode(text: &str) -> String {
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
