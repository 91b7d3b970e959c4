//! Where keys and values stand: a second pass over the text, made only when someone asks.

use crate::{Fault, Source, Span};
use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, StrInput};

/// The events of a text.
pub(crate) struct Events<'s>(Parser<'s, StrInput<'s>>);

impl<'s> Events<'s> {
    pub(crate) fn of(source: &'s Source) -> Events<'s> {
        let text = source.text();
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
        Cursor { text, lines }
    }

    /// The byte at a line from 1 and a column of characters from 0.
    pub(crate) fn byte(&self, line: usize, column: usize) -> usize {
        let Some(start) = self.lines.get(line.saturating_sub(1)) else {
            return self.text.len();
        };
        let rest = &self.text[*start..];
        let rest = rest.split('\n').next().unwrap_or(rest);
        start
            + rest
                .char_indices()
                .nth(column)
                .map_or(rest.len(), |(at, _)| at)
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
            events: Events::of(source),
            cursor: Cursor::new(source.text()),
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

/// The parser's complaint in words that help.
pub(crate) fn explain(source: &Source, error: &ScanError) -> Fault {
    let text = source.text();
    let cursor = Cursor::new(text);
    let at = cursor.byte(error.marker().line(), error.marker().col());
    let info = error.info();
    let line = |at: usize| {
        let start = text[..at].rfind('\n').map_or(0, |n| n + 1);
        (start, text[at..].find('\n').map_or(text.len(), |n| at + n))
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
            return Fault::error("tab", "a tab cannot indent YAML")
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
    let fault = |code, message: String| Fault::error(code, message).at(source, span);
    if info.contains("unknown anchor") {
        let name: String = text[at..]
            .chars()
            .take_while(|c| !c.is_whitespace() && *c != ',')
            .collect();
        return fault("alias", format!("no anchor has the name of the alias `{name}`"))
            .help("write `&name` before the value that is meant, above this line, or put the text in quotes");
    }
    if info.contains("mapping values are not allowed") {
        let (start, _) = line(at);
        let first = text[start..at].find(':').is_some();
        return if first {
            fault("syntax", "a second `:` on one line".to_owned())
                .help("put the value in quotes if the `:` belongs to it")
        } else {
            fault("indentation", "this key is indented deeper than its neighbours".to_owned())
                .help("give the keys of one map the same indentation; a key with a value of its own has no keys below it")
        };
    }
    if info.contains("did not find expected key") || info.contains("did not find expected '-'") {
        return fault(
            "indentation",
            "this line does not fit the indentation above it".to_owned(),
        )
        .note(info.to_owned())
        .help("give the keys of one map, and the `-` of one list, the same indentation");
    }
    if info.contains("simple key") {
        return fault("syntax", "the line before this has no `:`".to_owned())
            .help("write `key: value`, with a space after the colon");
    }
    if info.contains("unexpected character") {
        return fault(
            "syntax",
            "a value cannot start with this character".to_owned(),
        )
        .help("put the value in quotes");
    }
    if info.contains("quoted scalar") {
        return fault("syntax", format!("the quotes around this text go wrong: {info}"))
            .help("close the quotes on the line where they open; double a quote inside '…', escape it inside \"…\"");
    }
    fault("syntax", format!("this is not YAML: {info}"))
}
