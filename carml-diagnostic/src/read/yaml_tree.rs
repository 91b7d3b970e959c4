//! The places of a YAML text: a second pass over it, made only when someone asks.

use super::events::{Cursor, Events};
use super::lexer::{Lexer, Part};
use super::scalar::{self, Refused};
use super::tree::{Entry, Kind, MAX_NODES, Names, Node, Tree};
use super::yaml::{is_merge_key, text_of};
use crate::{MAX_DEPTH, Source, Span};
use saphyr_parser::{Event, ScalarStyle};
use std::collections::HashMap;

/// The places of a text's keys and values, as far as it can be read.
pub(super) fn build(source: &Source) -> Option<Tree> {
    let text = source.readable();
    let mut walk = Walk {
        events: Events::of(text),
        source,
        text,
        cursor: Cursor::new(text),
        anchors: HashMap::new(),
        texts: HashMap::new(),
        path: Vec::new(),
        names: Names::default(),
        out_of_range: Vec::new(),
        nodes: 0,
    };
    let root = loop {
        match walk.events.next().ok()? {
            (Event::DocumentStart(_), _) => {
                let (event, at) = walk.events.next().ok()?;
                break walk.node(event, at, 0)?;
            }
            // An empty document is where the text begins.
            (Event::StreamEnd, _) => break Node::new(Span { start: 0, end: 0 }, Kind::Scalar),
            _ => {}
        }
    };
    Some(Tree {
        root,
        anchors: walk.anchors,
        names: walk.names,
        out_of_range: walk.out_of_range,
    })
}

struct Walk<'s> {
    events: Events<'s>,
    source: &'s Source,
    text: &'s str,
    cursor: Cursor<'s>,
    anchors: HashMap<usize, Box<[usize]>>,
    /// The texts of anchors: an alias of one may be a key.
    texts: HashMap<usize, Box<str>>,
    /// The index taken at each level.
    path: Vec<usize>,
    names: Names,
    out_of_range: Vec<Span>,
    nodes: usize,
}

impl<'s> Walk<'s> {
    fn node(&mut self, event: Event<'s>, at: saphyr_parser::Span, depth: usize) -> Option<Node> {
        self.nodes += 1;
        if depth > 2 * MAX_DEPTH || self.nodes > MAX_NODES {
            return None;
        }
        let mut span = self.span(&event, at);
        self.keep(&event, span);
        let anchor = match &event {
            Event::SequenceStart(anchor, _) | Event::MappingStart(anchor, _) => *anchor,
            _ => 0,
        };
        if anchor > 0 {
            self.anchors.insert(anchor, self.path.as_slice().into());
        }
        let kind = match event {
            Event::Alias(id) if self.anchors.contains_key(&id) => Kind::Alias(id),
            Event::SequenceStart(..) => {
                let mut items: Vec<Node> = Vec::new();
                loop {
                    let (event, at) = self.events.next().ok()?;
                    if event == Event::SequenceEnd {
                        let last = items.last().map(|n| n.span.get().end);
                        span.end = self.end(at, span, last);
                        break Kind::Sequence(items.into());
                    }
                    self.path.push(items.len());
                    items.push(self.node(event, at, depth + 1)?);
                    self.path.pop();
                }
            }
            Event::MappingStart(..) => {
                let mut entries: Vec<Entry> = Vec::new();
                loop {
                    let (event, at) = self.events.next().ok()?;
                    if event == Event::MappingEnd {
                        let last = entries.last().map(|e| e.value.span.get().end);
                        span.end = self.end(at, span, last);
                        break;
                    }
                    self.path.push(entries.len());
                    entries.push(self.entry(event, at, depth)?);
                    self.path.pop();
                }
                self.names.add(self.text, &entries);
                Kind::Mapping(entries.into())
            }
            Event::Scalar(text, ScalarStyle::Plain, ..)
                if matches!(scalar::plain(&text), Err(Refused::OutOfRange)) =>
            {
                self.out_of_range.push(span);
                Kind::Scalar
            }
            _ => Kind::Scalar,
        };
        Some(Node::new(span, kind))
    }

    /// Where an event is. The parser counts a comment after a quoted scalar to it.
    fn span(&self, event: &Event<'s>, at: saphyr_parser::Span) -> Span {
        let mut span = self.cursor.span(at);
        let quoted = [ScalarStyle::SingleQuoted, ScalarStyle::DoubleQuoted];
        if matches!(event, Event::Scalar(_, style, ..) if quoted.contains(style)) {
            let text = self.text.get(span.start..span.end).unwrap_or_default();
            let scalar = Lexer::new(text).find(|lexeme| lexeme.part != Part::Property);
            span.end = scalar.map_or(span.end, |lexeme| span.start + lexeme.span.end);
        }
        span
    }

    /// Keeps the text of an anchor.
    fn keep(&mut self, event: &Event<'s>, span: Span) {
        if let Event::Scalar(text, style, anchor @ 1.., _) = event {
            let text = text_of(self.source, self.text, text.clone(), *style, || span);
            self.texts.insert(*anchor, text.as_ref().into());
        }
    }

    fn entry(&mut self, event: Event<'s>, at: saphyr_parser::Span, depth: usize) -> Option<Entry> {
        let key = self.span(&event, at);
        self.keep(&event, key);
        let merge = match &event {
            Event::Scalar(text, style, _, tag) => is_merge_key(text, *style, tag.as_deref()),
            _ => false,
        };
        let name = match event {
            Event::Scalar(name, style, ..) => {
                let name = text_of(self.source, self.text, name, style, || key);
                (self.source.text().get(key.start..key.end) != Some(&name)).then(|| name.into())
            }
            Event::Alias(id) if self.texts.contains_key(&id) => self.texts.get(&id).cloned(),
            other => {
                // It has no place of its own.
                self.path.push(usize::MAX);
                self.node(other, at, depth + 1)?;
                self.path.pop();
                Some("".into())
            }
        };
        let (event, at) = self.events.next().ok()?;
        let value = self.node(event, at, depth + 1)?;
        Some(Entry {
            name,
            key: key.into(),
            merge,
            value,
        })
    }

    /// Where a sequence or mapping ends: at its bracket, or with its last item if it has none.
    fn end(&self, at: saphyr_parser::Span, open: Span, last: Option<usize>) -> usize {
        let start = self.cursor.span(at).start;
        if self.text[start..].starts_with([']', '}']) {
            start + 1
        } else {
            last.unwrap_or(open.end).max(open.start)
        }
    }
}
