//! From the regular expressions of ECMA-262 to those of the regex crate.

mod lookaround;

use carml_schema::pattern::portable;
use regex::Regex;

use crate::ir::constraint::Pattern;

/// The same for the regex crate, or `None` where that cannot express it (back-references,
/// look-around in the middle).
pub(super) fn read(pattern: &str) -> Option<Pattern> {
    read_as_written(pattern).or_else(|| read_as_written(&portable(pattern)?))
}

fn read_as_written(pattern: &str) -> Option<Pattern> {
    if let Some(whole) = translate(pattern) {
        return Some(Pattern {
            matches: vec![whole],
            refuses: Vec::new(),
        });
    }
    let look = lookaround::split(pattern)?;
    let all = |patterns: Vec<String>| -> Option<Vec<String>> {
        patterns.iter().map(|text| translate(text)).collect()
    };
    Some(Pattern {
        matches: all(look.matches)?,
        refuses: all(look.refuses)?,
    })
}

fn translate(pattern: &str) -> Option<String> {
    let mut text = String::with_capacity(pattern.len());
    let mut chars = pattern.chars().peekable();
    let mut in_class = false;
    let mut class_starts = false;
    while let Some(c) = chars.next() {
        let starts = std::mem::take(&mut class_starts);
        match c {
            '\\' => {
                let escaped = chars.next()?;
                text.push_str(&escape(escaped, in_class, &mut chars)?);
                // No range begins with a class.
                let class = in_class && matches!(escaped, 'd' | 'D' | 'w' | 'W' | 's' | 'S');
                if class && chars.next_if_eq(&'-').is_some() {
                    text.push_str("\\-");
                }
            }
            '[' if in_class => text.push_str("\\["),
            '[' => {
                in_class = true;
                class_starts = true;
                text.push('[');
                if chars.peek() == Some(&'^') {
                    chars.next();
                    text.push('^');
                }
                // `[]` matches nothing and `[^]` everything: they are not used in practice.
                if chars.peek() == Some(&']') {
                    return None;
                }
            }
            ']' if in_class => {
                in_class = false;
                text.push(']');
            }
            // Doubled, these are operations on sets.
            '&' | '~' | '-' if in_class && chars.peek() == Some(&c) && !starts => {
                text.push('\\');
                text.push(c);
            }
            '{' if !in_class && !counts(chars.clone()) => text.push_str("\\{"),
            '}' if !in_class && !closes_count(&text) => text.push_str("\\}"),
            c => text.push(c),
        }
    }
    let mut parser = regex_syntax::ParserBuilder::new().nest_limit(100).build();
    parser.parse(&text).ok()?;
    // Counted repetition may be too large to compile, which is then left to validation.
    let compiles = !text.contains('{') || Regex::new(&text).is_ok();
    compiles.then_some(text)
}

fn escape(
    c: char,
    in_class: bool,
    rest: &mut std::iter::Peekable<std::str::Chars<'_>>,
) -> Option<String> {
    Some(match c {
        // In ECMA-262, these are ASCII only.
        'd' if in_class => "0-9".to_owned(),
        'd' => "[0-9]".to_owned(),
        'D' => "[^0-9]".to_owned(),
        'w' if in_class => "0-9A-Za-z_".to_owned(),
        'w' => "[0-9A-Za-z_]".to_owned(),
        'W' => "[^0-9A-Za-z_]".to_owned(),
        'b' if in_class => "\\x08".to_owned(),
        'b' => "(?-u:\\b)".to_owned(),
        'B' => return None,
        'p' | 'P' | 'u' if rest.peek() == Some(&'{') => {
            let name: String = rest.by_ref().take_while(|c| *c != '}').collect();
            format!("\\{c}{name}}}")
        }
        's' | 'S' | 'n' | 'r' | 't' | 'f' | 'v' | 'x' | 'u' | 'p' | 'P' => format!("\\{c}"),
        '0' => "\\x00".to_owned(),
        '1'..='9' | 'k' => return None,
        'c' => {
            let letter = u32::from(rest.next()?) % 32;
            format!("\\x{letter:02x}")
        }
        // Other letters have a meaning only in other dialects.
        c if c.is_ascii_alphanumeric() => return None,
        // An escape of what needs none is the character itself.
        c if matches!(c, '<' | '>') || !c.is_ascii() => c.to_string(),
        c => format!("\\{c}"),
    })
}

/// A count follows: `2}`, `2,}`, `2,3}`.
fn counts(rest: impl Iterator<Item = char>) -> bool {
    let inside: String = rest.take_while(|c| *c != '}').take(20).collect();
    inside.starts_with(|c: char| c.is_ascii_digit())
        && inside.chars().all(|c| c.is_ascii_digit() || c == ',')
        && inside.matches(',').count() <= 1
}

/// The text ends in a count that is not closed yet.
fn closes_count(text: &str) -> bool {
    text.rfind('{')
        .is_some_and(|at| !text[..at].ends_with('\\') && !text[at..].contains('}'))
}
