//! Look-around at the ends of a pattern: `^(?!a)b` is `^b` and not `^a`, for both look from the
//! same place. `b(?<!a)$` is the same from the other end.

use std::ops::Range;

/// Patterns that a text must match, and patterns that it must not.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Look {
    pub(super) matches: Vec<String>,
    pub(super) refuses: Vec<String>,
}

/// Takes the look-around away, if the pattern has it at an end and no alternatives beside it.
pub(super) fn split(pattern: &str) -> Option<Look> {
    let mut look = Look::default();
    let (start, rest) = match pattern.strip_prefix('^') {
        Some(rest) => ("^", rest),
        None => ("", pattern),
    };
    let (body, end) = match rest.strip_suffix('$') {
        Some(body) if !body.ends_with('\\') => (body, "$"),
        _ => (rest, ""),
    };
    let groups = groups(body)?;
    let mut middle = 0..body.len();
    for group in groups.iter().filter(|_| start == "^") {
        match inside(&body[group.clone()], ["(?=", "(?!"]) {
            Some((refuses, inner)) if group.start == middle.start => {
                look.side(refuses).push(format!("^(?:{inner})"));
                middle.start = group.end;
            }
            _ => break,
        }
    }
    for group in groups.iter().rev().filter(|_| end == "$") {
        match inside(&body[group.clone()], ["(?<=", "(?<!"]) {
            Some((refuses, inner)) if group.end == middle.end && group.start >= middle.start => {
                look.side(refuses).push(format!("(?:{inner})$"));
                middle.end = group.start;
            }
            _ => break,
        }
    }
    let body = &body[middle];
    // One anchor alone constrains nothing; both together require an empty text.
    if !body.is_empty() || !start.is_empty() && !end.is_empty() {
        look.matches.push(format!("{start}{body}{end}"));
    }
    Some(look)
}

impl Look {
    fn side(&mut self, refuses: bool) -> &mut Vec<String> {
        match refuses {
            true => &mut self.refuses,
            false => &mut self.matches,
        }
    }
}

/// What a group looks for, and whether it must not be there.
fn inside<'p>(group: &'p str, [asks, refuses]: [&str; 2]) -> Option<(bool, &'p str)> {
    let open = group.strip_suffix(')')?;
    let asked = open.strip_prefix(asks).map(|inner| (false, inner));
    asked.or_else(|| Some((true, open.strip_prefix(refuses)?)))
}

/// The outermost groups; none if there are alternatives beside them.
fn groups(pattern: &str) -> Option<Vec<Range<usize>>> {
    let mut groups = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    let (mut escaped, mut in_class) = (false, false);
    for (at, c) in pattern.char_indices() {
        if std::mem::take(&mut escaped) {
            continue;
        }
        match c {
            '\\' => escaped = true,
            ']' => in_class = false,
            _ if in_class => {}
            '[' => in_class = true,
            '(' => {
                if depth == 0 {
                    start = at;
                }
                depth += 1;
            }
            ')' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    groups.push(start..at + 1);
                }
            }
            '|' if depth == 0 => return None,
            _ => {}
        }
    }
    Some(groups)
}

#[cfg(test)]
mod tests {
    use super::{super::read, *};

    fn look(matches: &[&str], refuses: &[&str]) -> Look {
        let own = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        Look {
            matches: own(matches),
            refuses: own(refuses),
        }
    }

    #[test]
    fn look_ahead_at_the_start_becomes_a_pattern_of_its_own() {
        assert_eq!(
            split("^(?!a)(?=b)c$"),
            Some(look(&["^(?:b)", "^c$"], &["^(?:a)"]))
        );
        assert_eq!(split("^(?!a|b)"), Some(look(&[], &["^(?:a|b)"])));
        assert_eq!(
            split("^(?!\\.{1,2}$).+$"),
            Some(look(&["^.+$"], &["^(?:\\.{1,2}$)"]))
        );
    }

    #[test]
    fn look_behind_at_the_end_becomes_a_pattern_of_its_own() {
        assert_eq!(
            split("^[a-z.]+(?<!\\.lock)$"),
            Some(look(&["^[a-z.]+$"], &["(?:\\.lock)$"]))
        );
        assert_eq!(
            split("^(?!a)(?<!b)$"),
            Some(look(&["^$"], &["^(?:a)", "(?:b)$"]))
        );
    }

    #[test]
    fn look_around_elsewhere_is_not_translated() {
        for pattern in [
            "a(?!b)c",
            "^(?!a)b|c",
            "(?!a)b",
            "^(?!(?!a)b)c",
            "^(a)\\1$",
            "^(?!a)(b",
        ] {
            assert_eq!(read(pattern), None, "{pattern}");
        }
    }
}
