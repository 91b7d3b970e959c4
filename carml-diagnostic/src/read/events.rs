//! The parser's events, with positions in bytes.

use crate::Span;
use saphyr_parser::{Event, Parser, ScanError, StrInput};
use std::cell::Cell;

const BLANK: [char; 2] = [' ', '\t'];

/// The events of a text.
pub(crate) struct Events<'s>(Parser<'s, StrInput<'s>>);

impl<'s> Events<'s> {
    pub(crate) fn of(text: &'s str) -> Events<'s> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        // White space after the last line break is not a line of a block scalar.
        let end = if ends_with_line(text) {
            text.trim_end_matches(BLANK).len()
        } else {
            text.len()
        };
        Events(Parser::new_from_str(&text[..end]))
    }

    pub(crate) fn next(&mut self) -> Result<(Event<'s>, saphyr_parser::Span), ScanError> {
        match self.0.next_event() {
            Some(event) => event,
            None => Ok((Event::StreamEnd, saphyr_parser::Span::default())),
        }
    }
}

/// Whether nothing but white space is after the last line break.
pub(super) fn ends_with_line(text: &str) -> bool {
    text.trim_end_matches(BLANK).ends_with(['\n', '\r'])
}

/// From the parser's lines and columns to bytes.
pub(crate) struct Cursor<'s> {
    text: &'s str,
    lines: Vec<usize>,
    ascii: bool,
    /// The line, column and byte that were asked for last: on a long line the next one is near.
    last: Cell<(usize, usize, usize)>,
}

impl<'s> Cursor<'s> {
    /// Places of the YAML parser: for it, a carriage return alone ends a line, too.
    pub(crate) fn new(text: &'s str) -> Cursor<'s> {
        let bytes = text.as_bytes();
        Self::with_breaks(text, |at| match bytes[at] {
            b'\n' => true,
            b'\r' => bytes.get(at + 1) != Some(&b'\n'),
            _ => false,
        })
    }

    /// Places of the JSON parser.
    pub(crate) fn of_json(text: &'s str) -> Cursor<'s> {
        let bytes = text.as_bytes();
        Self::with_breaks(text, |at| bytes[at] == b'\n')
    }

    fn with_breaks(text: &'s str, is_break: impl Fn(usize) -> bool) -> Cursor<'s> {
        let bom = if text.starts_with('\u{feff}') { 3 } else { 0 };
        let mut lines = vec![bom];
        lines.extend((0..text.len()).filter(|at| is_break(*at)).map(|at| at + 1));
        Cursor {
            text,
            lines,
            ascii: text.is_ascii(),
            last: Cell::new((0, 0, 0)),
        }
    }

    /// The byte at a line from 1 and a column of characters from 0.
    pub(crate) fn byte(&self, line: usize, column: usize) -> usize {
        let Some(start) = self.lines.get(line.saturating_sub(1)) else {
            return self.text.len();
        };
        let end = self
            .lines
            .get(line)
            .map_or(self.text.len(), |next| next - 1);
        if self.ascii {
            return start.saturating_add(column).min(end);
        }
        let (from_column, from) = match self.last.get() {
            (known, near, byte) if known == line && near <= column => (near, byte),
            _ => (0, *start),
        };
        let rest = &self.text[from..end];
        let byte = rest
            .char_indices()
            .nth(column - from_column)
            .map_or(end, |(at, _)| from + at);
        if byte < end {
            self.last.set((line, column, byte));
        }
        byte
    }

    pub(crate) fn span(&self, span: saphyr_parser::Span) -> Span {
        let start = self.byte(span.start.line(), span.start.col());
        let end = self.byte(span.end.line(), span.end.col()).max(start);
        let trimmed = self.text[start..end].trim_end().len();
        Span {
            start,
            end: start + trimmed,
        }
    }
}
