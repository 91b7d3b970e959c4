//! Characters and directives that YAML does not allow, which the parser passes over.

use super::lexer::{Lexer, Part};
use crate::{Diagnostic, Input, Source, Span, Syntax, text, trusted};
use std::borrow::Cow;

/// The characters that a YAML text may not have (YAML 1.2, 5.1), and where they are.
pub(super) fn refused(text: &str) -> Vec<(usize, char)> {
    // Nearly every text returns here.
    if !text.bytes().any(suspicious) {
        return Vec::new();
    }
    let mut found: Vec<(usize, char)> = text
        .char_indices()
        .filter(|(_, c)| !printable(*c))
        .collect();
    // JSON strings are valid YAML: in quotes only the first 32 characters are refused.
    if found.iter().any(|(_, c)| *c >= ' ') {
        let quoted = Lexer::new(text).filter(|l| matches!(l.part, Part::Double | Part::Single));
        let mut quoted = quoted.map(|l| l.span).peekable();
        found.retain(|(at, c)| {
            while quoted.next_if(|span| span.end <= *at).is_some() {}
            *c < ' ' || quoted.peek().is_none_or(|span| *at < span.start)
        });
    }
    found
}

/// The error of a character that is not allowed.
pub(super) fn fault(source: &Source, start: usize, c: char) -> Diagnostic {
    let end = start + c.len_utf8();
    let code = u32::from(c);
    let escape = if code <= 0xFF {
        format!("\\x{code:02X}")
    } else {
        format!("\\u{code:04X}")
    };
    let error = Diagnostic::new(Syntax::Character(c)).at(source, Span { start, end });
    error.help(text![trusted(format!(
        "remove it; if it is meant, write `{escape}` in double quotes"
    ))])
}

/// The text with these characters replaced, for the parser.
pub(super) fn replaced<'t>(text: &'t str, refused: &[(usize, char)]) -> Cow<'t, str> {
    if refused.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for (at, c) in refused {
        out.push_str(&text[from..*at]);
        out.push_str(&"_".repeat(c.len_utf8()));
        from = at + c.len_utf8();
    }
    out.push_str(&text[from..]);
    Cow::Owned(out)
}

/// Whether a byte may belong to a character that is not allowed.
fn suspicious(byte: u8) -> bool {
    byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r') || matches!(byte, 0x7F | 0xC2 | 0xEF)
}

/// YAML's `c-printable`, with the byte order mark.
fn printable(c: char) -> bool {
    matches!(c,
        '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{A0}'..='\u{FFFD}' | '\u{10000}'..)
}

/// What is wrong with the directives before the document, an error or warnings.
pub(super) fn directives(source: &Source) -> Vec<Diagnostic> {
    let text = source.text();
    let mut faults = Vec::new();
    let mut start = text.len() - text.trim_start_matches('\u{feff}').len();
    for line in text[start..].split_inclusive(['\n', '\r']) {
        let body = line.trim_end();
        if let Some(directive) = body.strip_prefix('%') {
            let span = Span {
                start,
                end: start + body.len(),
            };
            faults.extend(self::directive(directive).map(|fault| fault.at(source, span)));
        } else if !body.is_empty() && !body.trim_start().starts_with('#') {
            break;
        }
        start += line.len();
    }
    faults
}

fn directive(directive: &str) -> Option<Diagnostic> {
    let mut words = directive.split_whitespace();
    let name = words.next().unwrap_or_default();
    match name {
        "YAML" => {
            let version = words.next().unwrap_or_default();
            let (major, minor) = version.split_once('.')?;
            let (major, minor) = (major.parse::<u64>().ok()?, minor.parse::<u64>().ok()?);
            let help = "write `%YAML 1.2`, or remove the line";
            match (major, minor) {
                (1, 0..=2) => None,
                version @ (1, _) => Some(Diagnostic::warning(Syntax::OtherVersion { version })),
                version => Some(Diagnostic::new(Syntax::UnsupportedVersion { version })),
            }
            .map(|fault| fault.help(help))
        }
        "TAG" | "" => None,
        name => Some(
            Diagnostic::warning(Syntax::UnknownDirective {
                name: Input::new(name),
            })
            .help("remove the line: YAML knows `%YAML` and `%TAG`"),
        ),
    }
}
