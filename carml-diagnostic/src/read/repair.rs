//! Errors that can be listed and then worked around, so that the rest of a text is read too.

use super::events::Cursor;
use super::lexer::{Lexer, Part};
use crate::{Diagnostic, Escape, Input, Source, Span, Syntax, Text, text, trusted};
use saphyr_parser::ScanError;
use std::ops::Range;

/// A text that the parser takes further, and what was wrong with it.
pub(super) struct Repair {
    pub(super) text: String,
    pub(super) faults: Vec<Diagnostic>,
    /// Whether the text may not be what was meant, so that further errors may mean nothing.
    pub(super) guessed: bool,
}

/// What can be repaired for an error of the parser.
pub(super) fn after(source: &Source, text: &str, error: &ScanError) -> Option<Repair> {
    tabs(source, text, error).or_else(|| escapes(source, text, error))
}

/// A tab that indents is the cause, whatever the parser reports; it may report the line
/// before. Every tab that indents becomes a space.
fn tabs(source: &Source, text: &str, error: &ScanError) -> Option<Repair> {
    let at = Cursor::new(text).byte(error.marker().line(), error.marker().col());
    let start = text[..at].rfind('\n').map_or(0, |n| n + 1);
    let end = text[at..].find('\n').map_or(text.len(), |n| at + n);
    let indented = |from: usize| indentation(&text[from..]).contains('\t');
    if !indented(start) && !indented((end + 1).min(text.len())) {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut lines = Vec::new();
    let mut first = None;
    for (n, line) in text.split_inclusive('\n').enumerate() {
        let lead = indentation(line);
        if let Some(tab) = lead.find('\t').filter(|_| !line.trim().is_empty()) {
            lines.push(n + 1);
            first.get_or_insert(out.len() + tab);
        }
        out.push_str(&lead.replace('\t', " "));
        out.push_str(&line[lead.len()..]);
    }
    let start = first?;
    let mut fault = Diagnostic::new(Syntax::Tab)
        .at(
            source,
            Span {
                start,
                end: start + 1,
            },
        )
        .label("this is a tab")
        .help("indent with spaces");
    if lines.len() > 1 {
        let others: Vec<String> = lines[1..].iter().take(10).map(usize::to_string).collect();
        let more = if lines.len() > 11 { " and more" } else { "" };
        let word = if lines.len() == 2 { "line" } else { "lines" };
        fault = fault.note(text![trusted(format!(
            "also on {word} {}{more}",
            others.join(", ")
        ))]);
    }
    Some(Repair {
        text: out,
        faults: vec![fault],
        guessed: true,
    })
}

fn indentation(line: &str) -> &str {
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

/// A `\` in double quotes that starts no escape. Each becomes another character.
fn escapes(source: &Source, text: &str, error: &ScanError) -> Option<Repair> {
    let info = error.info();
    let escape = info.contains("unknown escape")
        || info.contains("expected hexadecimal")
        || info.contains("Unicode character escape");
    if !escape {
        return None;
    }
    let mut out = text.as_bytes().to_vec();
    let mut faults = Vec::new();
    for lexeme in Lexer::new(text).filter(|lexeme| lexeme.part == Part::Double) {
        let start = lexeme.span.start;
        for (at, problem) in invalid_escapes(&text[start..lexeme.span.end]) {
            let span = Span {
                start: start + at.start,
                end: start + at.end,
            };
            let written = &text[span.start..span.end];
            let written = Input::new(written);
            let help: Text = match problem {
                Escape::Surrogate | Escape::NotACharacter => {
                    "write the character itself, or a code point that exists".into()
                }
                Escape::Unknown | Escape::Digits { .. } => {
                    text!["write `\\", &written, "`, or use single quotes"]
                }
            };
            let fault = Diagnostic::new(Syntax::Escape { written, problem });
            faults.push(fault.at(source, span).help(help));
            out[span.start..span.end].fill(b'_');
        }
    }
    Some(Repair {
        text: String::from_utf8(out).ok().filter(|_| !faults.is_empty())?,
        faults,
        guessed: false,
    })
}

/// The escapes of a scalar in double quotes that YAML does not have (YAML 1.2, 5.7).
fn invalid_escapes(quoted: &str) -> Vec<(Range<usize>, Escape)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(next) = quoted[at..].find('\\') {
        let start = at + next;
        let Some(kind) = quoted[start + 1..].chars().next() else {
            break;
        };
        let word = start + 1 + kind.len_utf8();
        at = word;
        let count = match kind {
            '0' | 'a' | 'b' | 't' | '\t' | 'n' | 'v' | 'f' | 'r' | 'e' | ' ' | '"' | '/' | '\\'
            | 'N' | '_' | 'L' | 'P' | '\n' | '\r' => continue,
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => {
                found.push((start..word, Escape::Unknown));
                continue;
            }
        };
        let digits = quoted.get(word..word + count);
        let digits = digits.filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        let Some(code) = digits.and_then(|d| u32::from_str_radix(d, 16).ok()) else {
            found.push((start..word, Escape::Digits { needed: count }));
            continue;
        };
        at = word + count;
        match code {
            0xD800..=0xDFFF => found.push((start..at, Escape::Surrogate)),
            0x11_0000.. => found.push((start..at, Escape::NotACharacter)),
            _ => {}
        }
    }
    found
}
