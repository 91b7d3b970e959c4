//! Regular expressions of ECMA-262, as schemas have them.

mod empty_class;
mod named_references;
#[cfg(feature = "validator")]
pub(crate) mod schema;
mod surrogates;

use jsonschema_regex::{is_valid_ecma_regex as is_ecma, to_rust_regex};
use serde_json::Value;

use crate::{keywords, pointer};

/// The same pattern in a form that every ECMA-262 engine accepts; `None` if it has that form
/// already, or has no such form. It may use what older engines accept (annex B, UTF-16 units) and
/// the syntax of other languages.
///
/// ```
/// use carml_schema::pattern::portable;
///
/// assert_eq!(portable(r"(?P<year>[0-9]{4})\Z").as_deref(), Some("(?<year>[0-9]{4})$"));
/// assert_eq!(portable(r"\ud83d\ude00").as_deref(), Some("😀"));
/// assert_eq!(portable("^[a-z]+$"), None);
/// ```
pub fn portable(pattern: &str) -> Option<String> {
    let joined = surrogates::join(pattern);
    let known = joined.as_deref().unwrap_or(pattern);
    let numbered = named_references::number(known);
    let known = numbered.as_deref().unwrap_or(known);
    if is_ecma(known) {
        let spelt = empty_class::spell_out(known);
        return spelt.or_else(|| (known != pattern).then(|| known.to_owned()));
    }
    let rewritten = Some(rewrite(known)).filter(|rewritten| is_ecma(rewritten))?;
    Some(empty_class::spell_out(&rewritten).unwrap_or(rewritten))
}

/// Whether the validator's engine reads a pattern as it is.
fn is_supported(pattern: &str) -> bool {
    is_ecma(pattern) && to_rust_regex(pattern).is_ok() && has_known_properties(pattern)
}

/// Whether each `\p{…}` names a property of Unicode: the syntax alone does not say it.
fn has_known_properties(pattern: &str) -> bool {
    let starts = pattern
        .match_indices("\\p{")
        .chain(pattern.match_indices("\\P{"));
    let mut properties = starts.filter(|(at, _)| {
        let slashes = pattern[..*at].chars().rev().take_while(|c| *c == '\\');
        slashes.count() % 2 == 0
    });
    properties.all(|(at, _)| {
        let end = pattern[at..]
            .find('}')
            .map_or(pattern.len(), |end| at + end + 1);
        regex::Regex::new(&pattern[at..end]).is_ok()
    })
}

/// Whether a pattern can be read: as it is, or in the words of [`portable`].
pub(crate) fn is_readable(pattern: &str) -> bool {
    is_supported(pattern) || portable(pattern).is_some_and(|portable| is_supported(&portable))
}

/// What is said of a pattern that cannot be read.
pub(crate) fn not_readable(pattern: &str) -> String {
    format!("`{pattern}` is not a regular expression of ECMA-262")
}

/// The first pattern of a document that cannot be read: its JSON pointer, and the pattern.
pub(crate) fn unreadable(schema: &Value) -> Option<(String, &str)> {
    let mut open = vec![(schema, String::new())];
    while let Some((schema, at)) = open.pop() {
        match schema {
            Value::Array(items) => {
                let below = items.iter().enumerate().rev();
                open.extend(below.map(|(n, item)| (item, format!("{at}/{n}"))));
            }
            Value::Object(object) => {
                for (keyword, value) in object.iter().rev() {
                    let at = pointer::join(&at, keyword);
                    match (keyword.as_str(), value) {
                        ("pattern", Value::String(pattern)) if !is_readable(pattern) => {
                            return Some((at, pattern));
                        }
                        (keyword, Value::Object(map)) if keywords::is_map(keyword) => {
                            let patterns = keyword == "patternProperties";
                            let mut keys = map.keys().filter(|_| patterns);
                            if let Some(key) = keys.find(|key| !is_readable(key)) {
                                return Some((pointer::join(&at, key), key));
                            }
                            let below = map.iter().rev();
                            open.extend(below.map(|(key, v)| (v, pointer::join(&at, key))));
                        }
                        (keyword, value) if keywords::is_schema(keyword) => open.push((value, at)),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    None
}

fn rewrite(pattern: &str) -> String {
    // `(?i)` at the start applies to the whole pattern: in ECMA-262, a group with the flag.
    if let Some((flags, rest)) = pattern
        .strip_prefix("(?")
        .and_then(|rest| rest.split_once(')'))
        && !flags.is_empty()
        && flags.chars().all(|flag| matches!(flag, 'i' | 'm' | 's'))
    {
        return format!("(?{flags}:{})", rewrite(rest));
    }
    let chars: Vec<char> = pattern.chars().collect();
    let mut text = String::with_capacity(pattern.len() + 8);
    // Inside of brackets: whether the last item was a class such as `\w`.
    let mut class: Option<bool> = None;
    // Other languages take the bracket after `[` or `[^` as a character: then the class goes on to
    // a bracket that ECMA-262 takes as a character. It is ambiguous, and refused.
    let mut had_empty_class = false;
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let next = chars.get(at + 1).copied();
        match (c, class) {
            ('\\', _) => {
                match next {
                    Some('A') => text.push('^'),
                    Some('Z' | 'z') => text.push('$'),
                    Some(next) => text.extend([c, next]),
                    None => text.push(c),
                }
                class = class.map(|_| next.is_some_and(is_class));
                at += 2;
                continue;
            }
            ('[', None) => {
                class = Some(false);
                text.push(c);
                if next == Some('^') {
                    text.push('^');
                    at += 1;
                }
            }
            (']', Some(_)) => {
                had_empty_class |= text.ends_with('[') || text.ends_with("[^");
                class = None;
                text.push(c);
            }
            // No range begins or ends with a class: the hyphen is one of the characters.
            ('-', Some(after_class)) => {
                let before_class =
                    next == Some('\\') && chars.get(at + 2).copied().is_some_and(is_class);
                if (after_class || before_class) && next != Some(']') {
                    text.push('\\');
                }
                text.push(c);
                class = Some(false);
            }
            (_, Some(_)) => {
                text.push(c);
                class = Some(false);
            }
            (']', None) if had_empty_class => text.push(c),
            (']', None) => text.push_str("\\]"),
            ('{', None) => match count(&chars[at..]) {
                Some(length) => {
                    text.extend(&chars[at..at + length]);
                    at += length;
                    continue;
                }
                None => text.push_str("\\{"),
            },
            ('}', None) => text.push_str("\\}"),
            ('(', None) if chars[at..].starts_with(&['(', '?', 'P', '<']) => {
                text.push_str("(?<");
                at += 4;
                continue;
            }
            (c, None) => text.push(c),
        }
        at += 1;
    }
    text
}

fn is_class(c: char) -> bool {
    matches!(c, 'd' | 'D' | 's' | 'S' | 'w' | 'W')
}

/// The length of `{2}`, `{2,}` or `{2,3}`.
fn count(chars: &[char]) -> Option<usize> {
    let end = chars.iter().position(|c| *c == '}')?;
    let inside = &chars[1..end];
    let counts = inside.first().is_some_and(char::is_ascii_digit)
        && inside.iter().all(|c| c.is_ascii_digit() || *c == ',')
        && inside.iter().filter(|c| **c == ',').count() <= 1;
    counts.then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_other_engines_become_portable() {
        for (pattern, wanted) in [
            (r"^[\w-.]+$", r"^[\w\-.]+$"),
            (r"[.-\d]", r"[.\-\d]"),
            (r"^\{{.*}}$", r"^\{\{.*\}\}$"),
            (r"^{{a}}{2,3}$", r"^\{\{a\}\}{2,3}$"),
            (r"\Aa]\Z", r"^a\]$"),
            (r"(?P<year>[0-9]{4})", r"(?<year>[0-9]{4})"),
            (r"(?i)^a|b$", r"(?i:^a|b$)"),
            (r"^a|[]$", r"^a|[^\s\S]$"),
            (r"\A[^]{2}[a]$", r"^[\s\S]{2}[a]$"),
            (r"^(\ud83d[\ude00-\ude4f]|{)$", "^([😀-🙏]|\\{)$"),
            (r"^(?<y>\d)-\k<y>$", r"^(?<y>\d)-(?:\1)$"),
        ] {
            assert_eq!(portable(pattern).as_deref(), Some(wanted), "{pattern}");
        }
        for pattern in [
            r"^[a-z\w-]+$",
            r"a{2}",
            r"[^-\s]",
            r"*",
            r"(",
            r"[z-a]",
            r"[]a]",
            r"[^]a]",
        ] {
            assert_eq!(portable(pattern), None, "{pattern}");
        }
    }

    #[test]
    fn what_the_engine_does_not_know_is_not_readable() {
        for (pattern, readable) in [
            (r"\p{L}\p{Script=Greek}\P{Lu}\p{sc=Grek}\p{scx=Greek}", true),
            (
                r"\p{gc=Lu}\p{ASCII}\p{Any}\p{Assigned}\p{ID_Start}\p{Emoji}",
                true,
            ),
            (r"\\p{Foo}", true),
            (r"\p{Foo}", false),
            (r"(?<y>a)\k<y>", true),
            (r"(?<y>a)\k<z>", false),
        ] {
            assert_eq!(is_readable(pattern), readable, "{pattern}");
        }
    }
}
