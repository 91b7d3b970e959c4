//! Splits YAML into its lexical parts, far enough to know what is a comment, a quoted text or a
//! bracket. It never fails: a text that is not YAML gives parts that mean little.

use crate::Span;

/// What a part of a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// From `#` to the end of the line.
    Comment,
    /// `[` or `{`.
    Open,
    /// `]` or `}`.
    Close,
    /// A `,` between brackets, or a `:` that ends a key.
    Separator,
    /// A scalar in double quotes, quotes included.
    Double,
    /// A scalar in single quotes, quotes included.
    Single,
    /// A plain scalar; in block context it may go on over several lines.
    Plain,
    /// A block scalar after `|` or `>`, with its header.
    Block,
    /// An anchor, an alias or a tag.
    Property,
}

/// A part and where it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lexeme {
    pub(super) part: Part,
    pub(super) span: Span,
    /// How many brackets are open around it; a bracket counts itself.
    pub(super) depth: usize,
    /// The column of the block mapping or sequence around it, if there is one.
    pub(super) parent: Option<usize>,
}

/// The lexical parts of a text, in its order.
pub(super) struct Lexer<'t> {
    text: &'t str,
    at: usize,
    /// Where the line of `at` starts.
    line: usize,
    /// Whether only spaces, dashes of lists and empty keys have been read of the line.
    fresh: bool,
    depth: usize,
    /// The columns of the block mappings and sequences that are open.
    columns: Vec<usize>,
    /// The column of the node that may turn out to be a key of a block mapping.
    node: Option<usize>,
    /// Whether a `:` may follow without a space: the part before it was quoted, or a bracket
    /// closed.
    adjacent: bool,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str) -> Lexer<'t> {
        let start = text.len() - text.trim_start_matches('\u{feff}').len();
        Lexer {
            text,
            at: start,
            line: start,
            fresh: true,
            depth: 0,
            columns: Vec::new(),
            node: None,
            adjacent: false,
        }
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    /// Whether a byte is white space or the end of the text.
    fn blank(&self, at: usize) -> bool {
        matches!(self.byte(at), None | Some(b' ' | b'\t' | b'\n' | b'\r'))
    }

    fn end_of_line(&self, from: usize) -> usize {
        let rest = &self.text.as_bytes()[from..];
        let length = rest.iter().position(|b| matches!(b, b'\n' | b'\r'));
        length.map_or(self.text.len(), |n| from + n)
    }

    /// Steps over a line break, if there is one.
    fn line_break(&mut self) -> bool {
        self.at += match (self.byte(self.at), self.byte(self.at + 1)) {
            (Some(b'\r'), Some(b'\n')) => 2,
            (Some(b'\n' | b'\r'), _) => 1,
            _ => return false,
        };
        self.line = self.at;
        true
    }

    /// Whether `---` or `...` starts the line of `at`.
    fn document_marker(&self, at: usize) -> bool {
        let rest = &self.text.as_bytes()[at..];
        at == self.line
            && (rest.starts_with(b"---") || rest.starts_with(b"..."))
            && self.blank(at + 3)
    }

    /// Steps over white space and line breaks.
    fn skip_blank(&mut self) {
        loop {
            match self.byte(self.at) {
                Some(b' ' | b'\t') => self.at += 1,
                Some(b'\n' | b'\r') => {
                    self.line_break();
                    (self.fresh, self.adjacent) = (true, false);
                    if self.depth == 0 {
                        self.node = None;
                    }
                }
                _ => return,
            }
        }
    }

    fn lexeme(&self, part: Part, start: usize) -> Lexeme {
        Lexeme {
            part,
            span: Span {
                start,
                end: self.at,
            },
            depth: self.depth,
            parent: self.columns.last().copied(),
        }
    }

    /// Opens a block mapping or sequence, unless one is open at the column.
    fn indent(&mut self, column: usize) {
        if self.columns.last().is_none_or(|top| *top < column) {
            self.columns.push(column);
        }
    }

    /// A part that starts with `first`, or none for what has no part of its own.
    fn part(&mut self, first: u8) -> Option<Lexeme> {
        let start = self.at;
        let column = start - self.line;
        let flow = self.depth > 0;
        let adjacent = std::mem::take(&mut self.adjacent);
        let fresh = std::mem::take(&mut self.fresh);
        if !flow {
            if fresh {
                while self.columns.last().is_some_and(|top| *top > column) {
                    self.columns.pop();
                }
            }
            if self.document_marker(start) {
                self.columns.clear();
                self.at += 3;
                return None;
            }
            if first == b'%' && column == 0 {
                self.at = self.end_of_line(start);
                return None;
            }
            if matches!(first, b'-' | b'?') && self.blank(start + 1) {
                self.indent(column);
                (self.node, self.fresh) = (None, true);
                self.at += 1;
                return None;
            }
        }
        match first {
            b'#' if start == self.line || self.blank(start - 1) => {
                self.at = self.end_of_line(start);
                return Some(self.lexeme(Part::Comment, start));
            }
            b':' if self.blank(start + 1) || flow && (adjacent || self.indicator(start + 1)) => {
                if !flow {
                    // A key may be empty. Behind it, as behind a dash, another one may begin.
                    let key = self.node.take().or(fresh.then_some(column));
                    key.into_iter().for_each(|column| self.indent(column));
                    self.fresh = fresh;
                }
                self.at += 1;
                return Some(self.lexeme(Part::Separator, start));
            }
            b',' if flow => {
                self.at += 1;
                return Some(self.lexeme(Part::Separator, start));
            }
            b'?' if flow && self.blank(start + 1) => {
                self.at += 1;
                return None;
            }
            b']' | b'}' if flow => {
                self.at += 1;
                let lexeme = self.lexeme(Part::Close, start);
                self.depth -= 1;
                self.adjacent = true;
                return Some(lexeme);
            }
            b'|' | b'>' if !flow => {
                self.block_scalar();
                self.node = None;
                return Some(self.lexeme(Part::Block, start));
            }
            _ => {}
        }
        if !flow {
            self.node.get_or_insert(column);
        }
        let part = match first {
            b'[' | b'{' => {
                self.at += 1;
                self.depth += 1;
                Part::Open
            }
            b'"' => {
                self.double_quoted();
                self.adjacent = true;
                Part::Double
            }
            b'\'' => {
                self.single_quoted();
                self.adjacent = true;
                Part::Single
            }
            b'&' | b'*' | b'!' => {
                while !(self.blank(self.at) || flow && self.indicator(self.at)) {
                    self.at += 1;
                }
                Part::Property
            }
            _ => {
                self.plain();
                Part::Plain
            }
        };
        Some(self.lexeme(part, start))
    }

    /// Whether a byte separates or closes parts between brackets.
    fn indicator(&self, at: usize) -> bool {
        matches!(self.byte(at), Some(b',' | b'[' | b']' | b'{' | b'}'))
    }

    fn double_quoted(&mut self) {
        self.at += 1;
        loop {
            match self.byte(self.at) {
                None => return,
                Some(b'"') => break self.at += 1,
                Some(b'\\') if !matches!(self.byte(self.at + 1), None | Some(b'\n' | b'\r')) => {
                    self.at += 2;
                }
                _ => self.quoted_byte(),
            }
        }
    }

    fn single_quoted(&mut self) {
        self.at += 1;
        loop {
            match (self.byte(self.at), self.byte(self.at + 1)) {
                (None, _) => return,
                (Some(b'\''), Some(b'\'')) => self.at += 2,
                (Some(b'\''), _) => break self.at += 1,
                _ => self.quoted_byte(),
            }
        }
    }

    fn quoted_byte(&mut self) {
        if !self.line_break() {
            self.at += 1;
        }
    }

    /// Steps over a plain scalar; `at` ends after its last character.
    fn plain(&mut self) {
        let flow = self.depth > 0;
        // A scalar takes one character at least, so that the lexer moves on.
        self.at += self.text[self.at..]
            .chars()
            .next()
            .map_or(1, char::len_utf8);
        let mut end = self.at;
        let parent = self.columns.last().copied();
        loop {
            match self.byte(self.at) {
                Some(b' ' | b'\t') => self.at += 1,
                Some(b'\n' | b'\r') => {
                    let (at, line) = (self.at, self.line);
                    while self.line_break() || matches!(self.byte(self.at), Some(b' ' | b'\t')) {
                        self.at += usize::from(matches!(self.byte(self.at), Some(b' ' | b'\t')));
                    }
                    let column = self.at - self.line;
                    let deeper = flow || parent.is_none_or(|parent| column > parent);
                    if !deeper || self.document_marker(self.at) {
                        (self.at, self.line) = (at, line);
                        break;
                    }
                }
                None => break,
                Some(b'#') if self.blank(self.at - 1) => break,
                Some(b':') if self.blank(self.at + 1) || flow && self.indicator(self.at + 1) => {
                    break;
                }
                Some(b',' | b'[' | b']' | b'{' | b'}') if flow => break,
                _ => {
                    self.at += 1;
                    end = self.at;
                }
            }
        }
        // Trailing white space does not belong to it. A line break in it belongs to the next part.
        if self.at > end {
            let between = &self.text[end..self.at];
            self.at = end;
            if between.contains(['\n', '\r']) {
                self.line = self.text[..end].rfind(['\n', '\r']).map_or(0, |n| n + 1);
            }
        }
    }

    /// Steps over a block scalar from its `|` or `>`.
    fn block_scalar(&mut self) {
        let start = self.at;
        let header = &self.text[start + 1..self.end_of_line(start)];
        let word = header.split([' ', '\t']).next().unwrap_or_default();
        let digit = word.bytes().find(u8::is_ascii_digit);
        let parent = self.columns.last().copied();
        let least = parent.map_or(0, |column| column + 1);
        let mut indent = digit.map(|digit| parent.unwrap_or(0) + usize::from(digit - b'0'));
        self.at = self.end_of_line(start);
        loop {
            let (at, line) = (self.at, self.line);
            if !self.line_break() {
                return;
            }
            while self.byte(self.at) == Some(b' ') {
                self.at += 1;
            }
            let column = self.at - self.line;
            let empty = matches!(self.byte(self.at), None | Some(b'\n' | b'\r'));
            if !empty {
                let wanted = *indent.get_or_insert(column.max(least));
                let marker = column == 0 && self.document_marker(self.at);
                if column < wanted || marker {
                    (self.at, self.line) = (at, line);
                    return;
                }
            }
            self.at = self.end_of_line(self.at);
        }
    }
}

impl Iterator for Lexer<'_> {
    type Item = Lexeme;

    fn next(&mut self) -> Option<Lexeme> {
        loop {
            self.skip_blank();
            let first = self.byte(self.at)?;
            if let Some(lexeme) = self.part(first) {
                return Some(lexeme);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::events::{Cursor, Events};
    use super::{Lexer, Part, Span};
    use proptest::prelude::*;
    use saphyr_parser::{Event, ScalarStyle};

    const FRAGMENTS: &[&str] = &[
        "a",
        "é",
        "key: ",
        "- ",
        "? ",
        ": ",
        ":",
        " ",
        "\n",
        "\n  ",
        "\n    ",
        "\r\n",
        "\t",
        "'",
        "''",
        "\"",
        "\\\"",
        "\\",
        "[",
        "]",
        "{",
        "}",
        ", ",
        ",",
        "#",
        " # c ' \" [",
        "|\n",
        "|-\n  x [\n",
        "|2\n   [\n",
        ">\n\n    y\n",
        "&x ",
        "*x",
        "!!str ",
        "--- ",
        "...\n",
        "---\n",
        "'x: [y'",
        "\"x # {\"",
        "{a: 'b'}",
        "[1, \"2\"]",
        "\"k\":1",
    ];

    /// The scalars that are not plain, as the parser has them.
    fn parsed(text: &str) -> Option<Vec<(Part, Span)>> {
        let (mut events, cursor) = (Events::of(text), Cursor::new(text));
        let mut found = Vec::new();
        loop {
            let (event, at) = events.next().ok()?;
            let part = match event {
                Event::StreamEnd => return Some(found),
                Event::Scalar(_, ScalarStyle::DoubleQuoted, ..) => Part::Double,
                Event::Scalar(_, ScalarStyle::SingleQuoted, ..) => Part::Single,
                _ => continue,
            };
            found.push((part, cursor.span(at)));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn quotes_are_where_the_parser_finds_them(
            parts in prop::collection::vec(prop::sample::select(FRAGMENTS), 0..14)
        ) {
            let text = parts.concat();
            let Some(wanted) = parsed(&text) else { return Ok(()) };
            let quoted = Lexer::new(&text).filter(|l| matches!(l.part, Part::Double | Part::Single));
            let found: Vec<_> = quoted.map(|l| (l.part, l.span)).collect();
            prop_assert_eq!(found.len(), wanted.len(), "{:?}", text);
            // The parser's spans begin with anchors and tags, and end with comments.
            for ((part, span), (wanted, around)) in found.iter().zip(&wanted) {
                prop_assert!(part == wanted && around.contains(*span), "{:?}", text);
            }
        }

        #[test]
        fn parts_follow_one_another(text in "[ -~é\n\t]{0,40}") {
            let mut end = 0;
            for lexeme in Lexer::new(&text) {
                prop_assert!(lexeme.span.start >= end && lexeme.span.end > lexeme.span.start);
                prop_assert!(text.is_char_boundary(lexeme.span.start) && text.is_char_boundary(lexeme.span.end));
                end = lexeme.span.end;
            }
        }
    }
}
