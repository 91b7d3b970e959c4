//! Rewrites valid YAML that the parser refuses into YAML that it accepts. Every byte that is not
//! rewritten stays where it is, so that places are the same in both texts.

use std::ops::Range;

use super::events::Events;
use super::lexer::{Lexeme, Lexer, Part};
use saphyr_parser::{Event, ScanError};

/// What a surrogate pair of escapes is replaced by while the text is parsed.
const STAND_IN: &str = "\\uFFFD\\uFFFD";

/// The text rewritten for an error of the parser, if that helps.
pub(super) fn after(text: &str, error: &ScanError) -> Option<String> {
    let changed = match error.info() {
        "':' must be followed by a valid YAML whitespace" => with_spaces(text),
        "invalid indentation" | "invalid indentation in flow construct" => on_one_line(text),
        info if info.contains("invalid Unicode character escape code") => without_pairs(text),
        _ => return None,
    };
    (changed != text).then_some(changed)
}

/// A tab between a key's `:` and its value becomes a space.
fn with_spaces(text: &str) -> String {
    let mut gaps = Vec::new();
    let mut colon = None;
    for Lexeme { part, span, .. } in Lexer::new(text) {
        if let Some(end) = colon.take() {
            gaps.push(end..span.start);
        }
        colon = (part == Part::Separator).then_some(span.end);
    }
    replaced(text, gaps, |gap| gap.replace('\t', " "))
}

/// A line between brackets that starts at the column of the key above it joins the line before:
/// most readers take it, and what is in brackets is not indented.
fn on_one_line(text: &str) -> String {
    let mut gaps = Vec::new();
    let mut last = 0;
    for Lexeme {
        part,
        span,
        depth,
        parent,
    } in Lexer::new(text)
    {
        let inside = depth > 1 || depth == 1 && part != Part::Open;
        if inside && part != Part::Comment {
            let line = text[last..span.start].rfind(['\n', '\r']);
            let column = line.map(|n| span.start - last - n - 1);
            if column.is_some() && column == parent && part != Part::Separator {
                gaps.push(last..span.start);
            }
        }
        if part != Part::Comment {
            last = span.end;
        }
    }
    replaced(text, gaps, |gap| " ".repeat(gap.len()))
}

/// Surrogate pairs of escapes become two escapes that the parser takes; [`with_pairs`] brings them
/// back.
fn without_pairs(text: &str) -> String {
    let quoted = Lexer::new(text).filter(|lexeme| lexeme.part == Part::Double);
    let found = quoted.flat_map(|lexeme| {
        let start = lexeme.span.start;
        let inside = pairs(&text[start..lexeme.span.end]).into_iter();
        inside.map(move |(at, _)| start + at.start..start + at.end)
    });
    replaced(text, found, |_| STAND_IN.to_owned())
}

/// The value of a scalar in double quotes that has surrogate pairs, perhaps after an anchor or tag.
pub(super) fn with_pairs(node: &str) -> Option<String> {
    let scalar = Lexer::new(node).find(|lexeme| lexeme.part == Part::Double)?;
    let quoted = &node[scalar.span.start..scalar.span.end];
    let mut whole = String::new();
    let mut from = 0;
    for (at, character) in pairs(quoted) {
        whole.push_str(&quoted[from..at.start]);
        whole.push(character);
        from = at.end;
    }
    whole.push_str(&quoted[from..]);
    let mut events = Events::of(&whole);
    loop {
        match events.next().ok()? {
            (Event::Scalar(text, ..), _) => return Some(text.into_owned()),
            (Event::StreamEnd, _) => return None,
            _ => {}
        }
    }
}

/// Surrogate pairs of escapes in a scalar in double quotes, each with the character that it means.
fn pairs(quoted: &str) -> Vec<(Range<usize>, char)> {
    let unit = |at: usize| {
        let digits = quoted.get(at..at + 6)?.strip_prefix("\\u")?;
        let digits = Some(digits).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()))?;
        u16::from_str_radix(digits, 16).ok()
    };
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(next) = quoted[at..].find('\\') {
        at += next;
        let character = unit(at).zip(unit(at + 6)).and_then(|(high, low)| {
            let mut decoded = char::decode_utf16([high, low]);
            decoded.next()?.ok().filter(|c| u32::from(*c) > 0xFFFF)
        });
        match character {
            Some(character) => {
                found.push((at..at + 12, character));
                at += 12;
            }
            // A `\` takes the character after it with it.
            None => at += 1 + quoted[at + 1..].chars().next().map_or(0, char::len_utf8),
        }
    }
    found
}

/// The text with some of its parts replaced.
fn replaced(
    text: &str,
    parts: impl IntoIterator<Item = Range<usize>>,
    with: impl Fn(&str) -> String,
) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for part in parts {
        out.push_str(&text[from..part.start]);
        out.push_str(&with(&text[part.clone()]));
        from = part.end;
    }
    out.push_str(&text[from..]);
    out
}
