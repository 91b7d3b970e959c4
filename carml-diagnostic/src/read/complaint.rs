//! The parser's complaints in words that help.

use super::events::Cursor;
use crate::{Code, Diagnostic, Source, Span};
use saphyr_parser::ScanError;

/// The parser's complaint in words that help.
pub(super) fn explain(source: &Source, error: &ScanError) -> Diagnostic {
    let text = source.text();
    let cursor = Cursor::new(text);
    let at = cursor.byte(error.marker().line(), error.marker().col());
    let info = error.info();
    let line = |at: usize| {
        let start = text[..at].rfind('\n').map_or(0, |n| n + 1);
        (start, text[at..].find('\n').map_or(text.len(), |n| at + n))
    };
    let line_of = |text: &str, at: usize| -> String {
        let (start, end) = line(at);
        text[start..end].to_owned()
    };
    // A tab that indents is the cause, whatever the parser stumbled over; it may report the line before.
    let (start, end) = line(at);
    for from in [start, (end + 1).min(text.len())] {
        let rest = &text[from..];
        let blank = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        if let Some(tab) = rest[..blank].find('\t') {
            let span = Span {
                start: from + tab,
                end: from + tab + 1,
            };
            return Diagnostic::error(Code::Tab, "a tab cannot indent YAML")
                .at(source, span)
                .label("this is a tab")
                .help("indent with spaces");
        }
    }
    let span = Span {
        start: at,
        end: text[at..]
            .chars()
            .next()
            .filter(|c| *c != '\n')
            .map_or(at, |c| at + c.len_utf8()),
    };
    let fault = |code, message: String| Diagnostic::error(code, message).at(source, span);
    if info.contains("unknown anchor") {
        let name: String = text[at..]
            .chars()
            .take_while(|c| !c.is_whitespace() && *c != ',')
            .collect();
        return fault(Code::Alias, format!("no anchor has the name of the alias `{name}`"))
            .help("write `&name` before the value that is meant, above this line, or put the text in quotes");
    }
    if info.contains("mapping values are not allowed") {
        let (start, _) = line(at);
        if text[start..at].contains(':') {
            return fault(Code::Syntax, "a second `:` on one line".to_owned())
                .help("put the value in quotes if the `:` belongs to it");
        }
        if let Some(span) = without_colon(&text[..start]) {
            return Diagnostic::error(Code::Syntax, "this line has no `:`")
                .at(source, span)
                .help("write `key: value`, with a space after the colon");
        }
        let lead = text[start..at].len() - text[start..at].trim_start().len();
        let key = Span {
            start: start + lead,
            end: at,
        };
        return Diagnostic::error(Code::Indentation, "this key is indented deeper than its neighbours")
            .at(source, key)
            .help("give the keys of one map the same indentation; a key with a value of its own has no keys below it");
    }
    if info.contains("did not find expected key") || info.contains("did not find expected '-'") {
        return fault(
            Code::Indentation,
            "this line does not fit the indentation above it".to_owned(),
        )
        .help("give the keys of one map, and the `-` of one list, the same indentation");
    }
    if info.starts_with("':' must be followed") {
        return fault(
            Code::Tab,
            "a tab stands between this value and its key".to_owned(),
        )
        .help("write a space after the colon");
    }
    if info.contains("simple key") {
        return fault(Code::Syntax, "the line before this has no `:`".to_owned())
            .help("write `key: value`, with a space after the colon");
    }
    if info.contains("flow mapping") && line_of(text, at).contains("${") {
        return fault(
            Code::Syntax,
            "a `${…}` stands between `{` and `}` without quotes".to_owned(),
        )
        .help("put it in quotes: `\"${NAME}\"`");
    }
    if info.contains("unexpected character") {
        return fault(
            Code::Syntax,
            "a value cannot start with this character".to_owned(),
        )
        .help("put the value in quotes");
    }
    if info.contains("quoted scalar") {
        return fault(Code::Syntax, format!("the quotes around this text go wrong: {info}"))
            .help("close the quotes on the line where they open; double a quote inside '…', escape it inside \"…\"");
    }
    fault(Code::Syntax, format!("this is not YAML: {info}"))
}

/// The last line with something on it, if it can be no key: it has no colon and is no item of a list.
fn without_colon(text: &str) -> Option<Span> {
    let body = text.trim_end();
    let start = body.rfind('\n').map_or(0, |n| n + 1);
    let last = &body[start..];
    let lead = last.len() - last.trim_start().len();
    let odd = !last.contains(':') && !last.trim_start().starts_with(['-', '#']) && !last.is_empty();
    odd.then_some(Span {
        start: start + lead,
        end: body.len(),
    })
}
