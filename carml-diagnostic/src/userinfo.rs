//! Credentials inside addresses.

use std::ops::Range;

/// The place of the credentials in each address of a text. With a scheme: all that is before the
/// `@`, as a token may be the user name. Without one, `user:password@host`: the password.
pub fn credentials(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`');
    for word in text.split_inclusive(ends) {
        let start = from;
        from += word.len();
        let word = word.trim_end_matches(ends);
        let authority = after_scheme(word);
        let Some(host) = word.rfind('@').filter(|at| *at > authority.unwrap_or(0)) else {
            continue;
        };
        let begin = match authority {
            Some(authority) => userinfo(&word[authority..host]).map(|at| authority + at),
            None => password(&word[..host]),
        };
        if let Some(begin) = begin.filter(|begin| *begin < host) {
            found.push(start + begin..start + host);
        }
    }
    found
}

/// Where the user name begins in what is between a scheme and an `@`.
fn userinfo(before: &str) -> Option<usize> {
    let end = before.find(['/', '?', '#', '@']);
    if end.is_none_or(|end| before[end..].starts_with('@')) {
        return Some(0);
    }
    // The `@` may be of a path, unless there is a password, which may have any character.
    let password = password(before)?;
    let user = before[..password].rfind(['/', ',']);
    Some(user.map_or(0, |at| at + 1))
}

/// Where the password begins in what is before an `@`.
fn password(before: &str) -> Option<usize> {
    let mut colons = before.match_indices(':').map(|(at, _)| at + 1);
    colons.find(|at| {
        // A port is followed by a path or by the next address.
        let rest = &before[*at..];
        let digits = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        !(digits.len() < rest.len() && digits.starts_with(['/', ',']))
    })
}

/// Where the part after `scheme://` begins. A `://` after another colon may be part of a password.
fn after_scheme(word: &str) -> Option<usize> {
    let end = word.find("://")?;
    (!word[..end].contains([':', '@'])).then_some(end + 3)
}

/// The text with stars for the credentials in each address.
pub fn without_credentials(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for hidden in credentials(text) {
        out.push_str(&text[at..hidden.start]);
        out.push_str("******");
        at = hidden.end;
    }
    out.push_str(&text[at..]);
    out
}

#[cfg(test)]
mod tests {
    use super::without_credentials;

    #[test]
    fn hides_the_credentials_and_nothing_else() {
        for (text, shown) in [
            (
                "postgres://app:hunter2@db:5432/x",
                "postgres://******@db:5432/x",
            ),
            (
                "a http://h:80/p and s://u:p@h",
                "a http://h:80/p and s://******@h",
            ),
            ("nats://u@h:4222", "nats://******@h:4222"),
            ("http://token:@h", "http://******@h"),
            ("url=http://token@h/p@v", "url=http://******@v"),
            ("s://u:p/w@h", "s://******@h"),
            ("s://h1:80,u:p/w@h", "s://h1:80,******@h"),
            ("https://h/@scope/p", "https://h/@scope/p"),
            ("https://h:80/a?b=@c", "https://h:80/a?b=@c"),
            ("u:hunter2@h:1", "u:******@h:1"),
            ("at u:p/w@h1,", "at u:******@h1,"),
            ("[\"u:a://b@h:1\"]", "[\"u:******@h:1\"]"),
            ("(s://u:a://b@h)", "(s://******@h)"),
            ("s=t://u:p@h", "s=t://******@h"),
            ("h:80/p and me@example.org", "h:80/p and me@example.org"),
        ] {
            assert_eq!(without_credentials(text), shown);
        }
    }
}
