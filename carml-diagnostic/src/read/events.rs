//! The parser's events, with positions in bytes.

use crate::Span;
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, StrInput};
use std::cell::{Cell, OnceCell};

const BLANK: [char; 2] = [' ', '\t'];

/// The events of a text.
pub(crate) struct Events<'s> {
    parser: Parser<'s, StrInput<'s>>,
    text: &'s str,
    /// Whether a `#` comes right after a colon.
    has_glued_comment: bool,
    cursor: OnceCell<Cursor<'s>>,
}

impl<'s> Events<'s> {
    pub(crate) fn of(source: &'s str) -> Events<'s> {
        let text = source.strip_prefix('\u{feff}').unwrap_or(source);
        // White space after the last line break is not a line of a block scalar.
        let end = if ends_with_line(text) {
            text.trim_end_matches(BLANK).len()
        } else {
            text.len()
        };
        Events {
            parser: Parser::new_from_str(&text[..end]),
            text: source,
            has_glued_comment: text.contains(":#"),
            cursor: OnceCell::new(),
        }
    }

    pub(crate) fn next(&mut self) -> Result<(Event<'s>, saphyr_parser::Span), ScanError> {
        let Some(event) = self.parser.next_event() else {
            return Ok((Event::StreamEnd, saphyr_parser::Span::default()));
        };
        let (event, at) = event?;
        match &event {
            Event::Scalar(text, ScalarStyle::Plain, ..) if text.is_empty() => {
                self.refuse_glued_comment(at)?;
            }
            Event::Scalar(_, ScalarStyle::Plain, ..) if at.start.line() < at.end.line() => {
                self.refuse_inner_comment(at)?;
            }
            _ => {}
        }
        Ok((event, at))
    }

    /// A comment needs a space before it. The parser takes one right after the colon of a quoted
    /// key, so that the key has no value.
    fn refuse_glued_comment(&self, at: saphyr_parser::Span) -> Result<(), ScanError> {
        let is_glued = || {
            let start = self.cursor().span(at).start;
            self.text[start..].starts_with(":#")
        };
        if self.has_glued_comment && is_glued() {
            let info = "comments must be separated from other tokens by whitespaces";
            return Err(ScanError::new_str(at.start, info));
        }
        Ok(())
    }

    fn cursor(&self) -> &Cursor<'s> {
        self.cursor.get_or_init(|| Cursor::new(self.text))
    }

    /// A comment ends a plain scalar. The parser skips one that a tab indents, and reads on.
    fn refuse_inner_comment(&self, at: saphyr_parser::Span) -> Result<(), ScanError> {
        let Span { start, end } = self.cursor().span(at);
        let raw = self.text.get(start..end).unwrap_or_default();
        let begins_line = |at: usize| raw[..at].trim_end_matches(BLANK).ends_with(['\n', '\r']);
        let Some((comment, _)) = raw.match_indices('#').find(|(at, _)| begins_line(*at)) else {
            return Ok(());
        };
        let before = &raw[..comment];
        let breaks = before.matches(['\n', '\r']).count() - before.matches("\r\n").count();
        let line = before.rsplit(['\n', '\r']).next().unwrap_or_default();
        let mark = Marker::new(
            at.start.index() + before.chars().count(),
            at.start.line() + breaks,
            line.chars().count(),
        );
        let info = "comment intercepting the multiline text";
        Err(ScanError::new_str(mark, info))
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
