//! Where keys and values stand: a second pass over the text, made only when someone asks.

use crate::{Source, Span};
use std::cell::Cell;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, StrInput};

/// The events of a text.
pub(crate) struct Events<'s>(Parser<'s, StrInput<'s>>);

impl<'s> Events<'s> {
    pub(crate) fn of(text: &'s str) -> Events<'s> {
        Events(Parser::new_from_str(
            text.strip_prefix('\u{feff}').unwrap_or(text),
        ))
    }

    pub(crate) fn next(&mut self) -> Result<(Event<'s>, saphyr_parser::Span), ScanError> {
        match self.0.next_event() {
            Some(event) => event,
            None => Ok((Event::StreamEnd, saphyr_parser::Span::default())),
        }
    }
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
    pub(crate) fn new(text: &'s str) -> Cursor<'s> {
        let bom = if text.starts_with('\u{feff}') { 3 } else { 0 };
        let mut lines = vec![bom];
        lines.extend(
            text.bytes()
                .enumerate()
                .filter(|(_, b)| *b == b'\n')
                .map(|(at, _)| at + 1),
        );
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

/// The place of a value, and of its key if it stands in a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Located {
    /// The key, quotes included.
    pub key: Option<Span>,
    /// The value, quotes included.
    pub value: Span,
}

/// The places of a document's keys and values.
pub(crate) struct Spans {
    root: Node,
    repeated: Vec<(String, Span, Span)>,
    beyond: Vec<Span>,
}

struct Node {
    span: Span,
    kind: Kind,
}

enum Kind {
    Leaf,
    List(Vec<Node>),
    Map(Vec<(String, Span, Node)>),
}

impl Spans {
    pub(crate) fn of(source: &Source) -> Option<Spans> {
        let mut walk = Walk {
            events: Events::of(source.readable()),
            cursor: Cursor::new(source.readable()),
            repeated: Vec::new(),
            beyond: Vec::new(),
        };
        loop {
            match walk.events.next().ok()? {
                (Event::DocumentStart(_), _) => break,
                (Event::StreamEnd, _) => return None,
                _ => {}
            }
        }
        let (event, at) = walk.events.next().ok()?;
        let root = walk.node(event, at, 0)?;
        Some(Spans {
            root,
            repeated: walk.repeated,
            beyond: walk.beyond,
        })
    }

    pub(crate) fn repeated(&self) -> &[(String, Span, Span)] {
        &self.repeated
    }

    pub(crate) fn beyond(&self) -> &[Span] {
        &self.beyond
    }

    pub(crate) fn locate(&self, pointer: &str) -> Option<Located> {
        let mut found = Located {
            key: None,
            value: self.root.span,
        };
        let mut node = &self.root;
        for step in pointer.split('/').skip(1) {
            let step = step.replace("~1", "/").replace("~0", "~");
            match &node.kind {
                Kind::Leaf => return None,
                Kind::List(items) => {
                    node = items.get(step.parse::<usize>().ok()?)?;
                    found = Located {
                        key: None,
                        value: node.span,
                    };
                }
                Kind::Map(entries) => {
                    let (_, key, value) = entries.iter().find(|e| e.0 == step)?;
                    node = value;
                    found = Located {
                        key: Some(*key),
                        value: node.span,
                    };
                }
            }
        }
        Some(found)
    }

    pub(crate) fn decides(&self, pointer: &str) -> bool {
        let mut node = &self.root;
        for step in pointer.split('/').skip(1) {
            let Kind::Map(entries) = &node.kind else {
                return true;
            };
            let step = step.replace("~1", "/").replace("~0", "~");
            match entries.iter().find(|e| e.0 == step) {
                Some((_, _, value)) => node = value,
                None => return false,
            }
        }
        true
    }
}

struct Walk<'s> {
    events: Events<'s>,
    cursor: Cursor<'s>,
    repeated: Vec<(String, Span, Span)>,
    beyond: Vec<Span>,
}

impl<'s> Walk<'s> {
    fn node(&mut self, event: Event<'s>, at: saphyr_parser::Span, depth: usize) -> Option<Node> {
        if depth > 2 * super::MAX_DEPTH {
            return None;
        }
        let mut span = self.cursor.span(at);
        let kind = match event {
            Event::SequenceStart(..) => {
                let mut items: Vec<Node> = Vec::new();
                loop {
                    let (event, at) = self.events.next().ok()?;
                    if event == Event::SequenceEnd {
                        span.end = self.close(at, span, items.last().map(|n| n.span.end));
                        break Kind::List(items);
                    }
                    items.push(self.node(event, at, depth + 1)?);
                }
            }
            Event::MappingStart(..) => {
                let mut entries: Vec<(String, Span, Node)> = Vec::new();
                let mut seen: std::collections::HashMap<String, Span> =
                    std::collections::HashMap::new();
                loop {
                    let (event, at) = self.events.next().ok()?;
                    if event == Event::MappingEnd {
                        span.end = self.close(at, span, entries.last().map(|e| e.2.span.end));
                        break Kind::Map(entries);
                    }
                    let key = self.cursor.span(at);
                    let name = match event {
                        Event::Scalar(text, ..) => text.into_owned(),
                        other => {
                            self.node(other, at, depth + 1)?;
                            String::new()
                        }
                    };
                    match seen.get(&name) {
                        Some(first) => self.repeated.push((name.clone(), key, *first)),
                        None => {
                            seen.insert(name.clone(), key);
                        }
                    }
                    let (event, at) = self.events.next().ok()?;
                    let value = self.node(event, at, depth + 1)?;
                    entries.push((name, key, value));
                }
            }
            Event::Scalar(text, style, ..) => {
                if style == ScalarStyle::Plain
                    && matches!(
                        super::scalar::plain(&text),
                        Err(super::scalar::Refused::Beyond)
                    )
                {
                    self.beyond.push(span);
                }
                Kind::Leaf
            }
            _ => Kind::Leaf,
        };
        Some(Node { span, kind })
    }

    /// Where a list or map ends: at its bracket, or with its last item if it has none.
    fn close(&self, at: saphyr_parser::Span, open: Span, last: Option<usize>) -> usize {
        let end = self.cursor.span(at);
        let bracket = self.cursor.text[end.start..end.end].ends_with([']', '}']);
        if bracket {
            end.end
        } else {
            last.unwrap_or(open.end).max(open.start)
        }
    }
}
