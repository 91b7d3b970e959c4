//! Passwords inside addresses.

use std::ops::Range;

/// Where `scheme://user:password@host` has its password, for each in a text.
pub fn passwords(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find("://") {
        let start = from + at + 3;
        let end = text[start..]
            .find(|c: char| {
                c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '/' | '?' | '#' | ',')
            })
            .map_or(text.len(), |n| start + n);
        let authority = &text[start..end];
        if let (Some(colon), Some(host)) = (authority.find(':'), authority.rfind('@'))
            && colon + 1 < host
        {
            found.push(start + colon + 1..start + host);
        }
        from = end.max(start);
    }
    found
}

/// The text with stars for each password in an address.
pub fn without_passwords(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for password in passwords(text) {
        out.push_str(&text[at..password.start]);
        out.push_str("******");
        at = password.end;
    }
    out.push_str(&text[at..]);
    out
}

#[cfg(test)]
mod tests {
    use super::without_passwords;

    #[test]
    fn hides_the_password_and_nothing_else() {
        for (text, shown) in [
            (
                "postgres://app:hunter2@db:5432/x",
                "postgres://app:******@db:5432/x",
            ),
            (
                "a http://h:80/p and s://u:p@h",
                "a http://h:80/p and s://u:******@h",
            ),
            ("nats://u@h:4222", "nats://u@h:4222"),
        ] {
            assert_eq!(without_passwords(text), shown);
        }
    }
}
