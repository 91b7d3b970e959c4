//! Passwords inside addresses.

use std::ops::Range;

/// The place of each password in a text with `user:password@host`, with or without a scheme.
pub fn passwords(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`');
    for word in text.split_inclusive(ends) {
        let start = from;
        from += word.len();
        let word = word.trim_end_matches(ends);
        let authority = scheme(word);
        let Some(host) = word.rfind('@').filter(|at| *at > authority) else {
            continue;
        };
        let after_user = &word[authority..host];
        let colon = after_user.match_indices(':').map(|(at, _)| at).find(|at| {
            // A port is followed by a path or by the next address.
            let rest = &after_user[at + 1..];
            let digits = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            !(digits.len() < rest.len() && digits.starts_with(['/', ',']))
        });
        if let Some(colon) = colon.filter(|at| authority + at + 1 < host) {
            found.push(start + authority + colon + 1..start + host);
        }
    }
    found
}

/// How long `scheme://` is at the start of a word, brackets before it included. A `://` further on
/// may be part of a password.
fn scheme(word: &str) -> usize {
    let opened = word.trim_start_matches(['[', '(', '{', '<']);
    let before = word.len() - opened.len();
    let is_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '.' | '-');
    let end = opened.find(|c| !is_scheme(c)).unwrap_or(opened.len());
    match opened[end..].starts_with("://") {
        true => before + end + 3,
        false => 0,
    }
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
            ("u:hunter2@h:1", "u:******@h:1"),
            ("at u:p/w@h1,", "at u:******@h1,"),
            ("[\"u:a://b@h:1\"]", "[\"u:******@h:1\"]"),
            ("(s://u:a://b@h)", "(s://u:******@h)"),
            ("s=t://u:p@h", "s=t:******@h"),
            ("h:80/p and me@example.org", "h:80/p and me@example.org"),
        ] {
            assert_eq!(without_passwords(text), shown);
        }
    }
}
