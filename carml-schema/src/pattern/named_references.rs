//! `\k<year>`, which the validator's engine does not read: the number of the group in its place.

use std::collections::BTreeMap;

/// The pattern with numbers in place of names; `None` if it has no such reference, or one to a
/// name that no group has.
pub(super) fn number(pattern: &str) -> Option<String> {
    if !pattern.contains(r"\k<") {
        return None;
    }
    let groups = groups(pattern);
    let mut text = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        text.push_str(before);
        if let Some(reference) = escape.strip_prefix(r"\k<") {
            let (name, after) = reference.split_once('>')?;
            text.push_str(&format!(r"(?:\{})", groups.get(name)?));
            rest = after;
            continue;
        }
        let width = 1 + escape[1..].chars().next().map_or(0, char::len_utf8);
        text.push_str(&escape[..width]);
        rest = &escape[width..];
    }
    text.push_str(rest);
    Some(text)
}

/// The numbers of the groups that have names.
fn groups(pattern: &str) -> BTreeMap<&str, usize> {
    let mut found = BTreeMap::new();
    let (mut count, mut in_class) = (0, false);
    let mut chars = pattern.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => {
                chars.next();
            }
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class => {
                let inside = &pattern[at + 1..];
                let name = inside.strip_prefix("?<");
                let name = name.filter(|name| !name.starts_with(['=', '!']));
                if name.is_some() || !inside.starts_with('?') {
                    count += 1;
                }
                if let Some((name, _)) = name.and_then(|name| name.split_once('>')) {
                    found.insert(name, count);
                }
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn names_become_numbers() {
        for (pattern, numbered) in [
            (r"^(?<y>\d{4})-\k<y>$", Some(r"^(?<y>\d{4})-(?:\1)$")),
            (
                r"(?:a)(b)(?<=x)[(](?<y>c)\(\k<y>1",
                Some(r"(?:a)(b)(?<=x)[(](?<y>c)\((?:\2)1"),
            ),
            (r"\k<y>(?<y>a)", Some(r"(?:\1)(?<y>a)")),
            (r"(?<y>a)\k<z>", None),
            (r"(?<y>a)\\k<y>", Some(r"(?<y>a)\\k<y>")),
            (r"(?<y>a)", None),
        ] {
            assert_eq!(number(pattern).as_deref(), numbered, "{pattern}");
        }
    }
}
