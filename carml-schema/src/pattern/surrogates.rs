//! Characters beyond U+FFFF, written as pairs of UTF-16 units.
//!
//! ECMA-262 patterns without the `u` flag see such a character as two units; an engine that works
//! on characters does not. `\ud83d[\ude00-\ude4f]` becomes `[😀-🙏]`.

/// Inclusive.
type Range = (u32, u32);

const HIGH: Range = (0xD800, 0xDBFF);
const LOW: Range = (0xDC00, 0xDFFF);

/// A class of more ranges than this is left as it is.
const MAX_RANGES: usize = 2_048;

/// The pattern with characters in place of pairs; `None` if it has no surrogates, or not in pairs.
pub(super) fn join(pattern: &str) -> Option<String> {
    let chars: Vec<char> = pattern.chars().collect();
    let mut text = String::with_capacity(pattern.len());
    let mut at = 0;
    let mut joined = false;
    while at < chars.len() {
        let rest = &chars[at..];
        if let Some((highs, length)) = units(rest, HIGH) {
            let (lows, tail) = units(&rest[length..], LOW)?;
            text.push_str(&pairs(&highs, &lows)?);
            at += length + tail;
            joined = true;
        } else if rest[0] == '[' {
            let length = class_length(rest)?;
            match without_surrogates(&rest[..length])? {
                Some(class) => {
                    text.push_str(&class);
                    joined = true;
                }
                None => text.extend(&rest[..length]),
            }
            at += length;
        } else if rest[0] == '\\' {
            text.extend(rest.iter().take(2));
            at += 2;
        } else {
            text.push(rest[0]);
            at += 1;
        }
    }
    joined.then_some(text)
}

/// A unit, or a class of nothing but units, that all are in a range; and its length.
fn units(chars: &[char], within: Range) -> Option<(Vec<Range>, usize)> {
    let inside = |(low, high): &Range| within.0 <= *low && *high <= within.1;
    if let Some((unit, length)) = unit(chars) {
        return Some((vec![(unit, unit)], length)).filter(|(all, _)| all.iter().all(inside));
    }
    let length = (chars.first() == Some(&'[')).then(|| class_length(chars))??;
    let mut all = Vec::new();
    let mut at = 1;
    while at < length - 1 {
        let (low, width) = unit(&chars[at..])?;
        at += width;
        let mut high = low;
        if chars.get(at) == Some(&'-') {
            let (end, width) = unit(&chars[at + 1..])?;
            high = end;
            at += width + 1;
        }
        all.push((low, high));
    }
    (!all.is_empty() && all.iter().all(inside)).then_some((all, length))
}

/// `\uXXXX`, and its length.
fn unit(chars: &[char]) -> Option<(u32, usize)> {
    let ['\\', 'u', digits @ ..] = chars else {
        return None;
    };
    let digits: String = digits.get(..4)?.iter().collect();
    Some((u32::from_str_radix(&digits, 16).ok()?, 6))
}

/// A unit or the character of a pair of units, and its length.
fn character(chars: &[char]) -> Option<(u32, usize)> {
    let (high, length) = unit(chars)?;
    let within = |(low, high): Range, unit: u32| (low..=high).contains(&unit);
    match unit(&chars[length..]) {
        Some((low, more)) if within(HIGH, high) && within(LOW, low) => {
            Some((pair(high, low), length + more))
        }
        _ => Some((high, length)),
    }
}

/// The length of a class, brackets included.
fn class_length(chars: &[char]) -> Option<usize> {
    let mut at = 1;
    loop {
        match chars.get(at)? {
            '\\' => at += 2,
            ']' => return Some(at + 1),
            _ => at += 1,
        }
    }
}

/// The characters of each pair of a high and a low unit.
fn pairs(highs: &[Range], lows: &[Range]) -> Option<String> {
    let mut ranges = Vec::new();
    for (first, last) in highs {
        for (low, high) in lows {
            if (*low, *high) == LOW {
                ranges.push((pair(*first, *low), pair(*last, *high)));
                continue;
            }
            for unit in *first..=*last {
                ranges.push((pair(unit, *low), pair(unit, *high)));
            }
            if ranges.len() > MAX_RANGES {
                return None;
            }
        }
    }
    if let [(low, high)] = &ranges[..]
        && low == high
    {
        return char::from_u32(*low).map(String::from);
    }
    let mut text = String::from("[");
    for (low, high) in ranges {
        text.push(char::from_u32(low)?);
        if low < high {
            text.push('-');
            text.push(char::from_u32(high)?);
        }
    }
    text.push(']');
    Some(text)
}

fn pair(high: u32, low: u32) -> u32 {
    0x10000 + ((high - HIGH.0) << 10) + (low - LOW.0)
}

/// A class without its surrogates: no text has one alone. `None` inside if it has none; outside if
/// nothing would be left.
#[expect(clippy::option_option, reason = "there are three outcomes")]
fn without_surrogates(class: &[char]) -> Option<Option<String>> {
    let is_surrogate = |unit: u32| (HIGH.0..=LOW.1).contains(&unit);
    let negated = class.get(1) == Some(&'^');
    let mut text = String::from(if negated { "[^" } else { "[" });
    let start = text.len();
    let mut at = start;
    let mut found = false;
    while at < class.len() - 1 {
        let Some((low, width)) = character(&class[at..]) else {
            let width = if class[at] == '\\' { 2 } else { 1 };
            text.extend(&class[at..at + width]);
            at += width;
            continue;
        };
        let range = class.get(at + width) == Some(&'-');
        let end = range.then(|| character(&class[at + width + 1..])).flatten();
        let (high, width) = end.map_or((low, width), |(high, more)| (high, width + 1 + more));
        at += width;
        if high > 0xFFFF {
            // From a half on: no text has one alone.
            let low = char::from_u32(low).unwrap_or('\u{E000}');
            text.extend([low, '-', char::from_u32(high)?]);
            found = true;
            continue;
        }
        match (is_surrogate(low), is_surrogate(high)) {
            (false, false) => {
                text.extend(&class[at - width..at]);
                continue;
            }
            (true, true) if negated && (low, high) == (HIGH.0, LOW.1) => {
                // Neither of the two units of such a character is in the class.
                text.push_str("\u{10000}-\u{10FFFF}");
            }
            (true, true) => {}
            (false, true) => text.push_str(&format!("\\u{low:04x}-\\ud7ff")),
            (true, false) => text.push_str(&format!("\\ue000-\\u{high:04x}")),
        }
        found = true;
    }
    if !found {
        return Some(None);
    }
    if text.len() == start {
        return None;
    }
    text.push(']');
    Some(Some(text))
}

#[cfg(test)]
mod tests {
    use super::join;

    #[test]
    fn pairs_become_characters() {
        for (pattern, joined) in [
            (r"\ud83d\ude00", "😀"),
            (r"^([ -~]|\ud83d[\ude00-\ude4f])*$", "^([ -~]|[😀-🙏])*$"),
            (
                r"\ud800[\udc00-\udfff]|[\ud801-\udbfe][\udc00-\udfff]",
                "[\u{10000}-\u{103FF}]|[\u{10400}-\u{10FBFF}]",
            ),
            (r"[^\ud800-\udfff]", "[^\u{10000}-\u{10FFFF}]"),
            (r"[a\ud800-\udfff]", "[a]"),
            (r"^[\ud83c\udf00-\ud83d\udfff]$", "^[🌀-🟿]$"),
            (
                r"[ -\ud7ff\ud800\udc00-\udbff\udfff]",
                "[ -\\ud7ff\u{10000}-\u{10FFFF}]",
            ),
            (r"[^\u0000\ud83d\ude00]", "[^\\u0000😀-😀]"),
            (r"[\ue000-\ud83d\ude00]", "[\u{E000}-😀]"),
        ] {
            assert_eq!(join(pattern).as_deref(), Some(joined), "{pattern}");
        }
        for pattern in [r"^a\u00e9$", r"\\ud83d", r"\ud83d", r"[\ud83d]", "[a-z]"] {
            assert_eq!(join(pattern), None, "{pattern}");
        }
    }
}
